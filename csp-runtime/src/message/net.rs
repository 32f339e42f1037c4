//! Network addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::{Message, through};

impl Message for Ipv4Addr {
    through!(Ipv4Addr as [u8; 4], |_| 4, |address| address.octets(), |octets| Ok(octets.into()));
}

impl Message for Ipv6Addr {
    through!(Ipv6Addr as [u8; 16], |_| 16, |address| address.octets(), |octets| Ok(octets.into()));
}

impl Message for SocketAddrV4 {
    through!(SocketAddrV4 as (Ipv4Addr, u16), |_| 4 + 2, |address| (*address.ip(), address.port()), |(ip, port)| {
        Ok(SocketAddrV4::new(ip, port))
    });
}

impl Message for SocketAddrV6 {
    through!(
        SocketAddrV6 as (Ipv6Addr, (u16, (u32, u32))),
        |_| 16 + size_of::<(u16, (u32, u32))>(),
        |address| (*address.ip(), (address.port(), (address.flowinfo(), address.scope_id()))),
        |(ip, (port, (flow, scope)))| Ok(SocketAddrV6::new(ip, port, flow, scope))
    );
}

macro_rules! either {
    ($name:ident: $four:ty, $six:ty) => {
        impl Message for $name {
            through!(
                $name as Result<$four, $six>,
                |address| match address {
                    $name::V4(address) => 1 + address.__encoded_len(),
                    $name::V6(address) => 1 + address.__encoded_len(),
                },
                |address| match address {
                    $name::V4(address) => Ok(address),
                    $name::V6(address) => Err(address),
                },
                |address| Ok(address.map_or_else($name::V6, $name::V4))
            );
        }
    };
}

either!(IpAddr: Ipv4Addr, Ipv6Addr);
either!(SocketAddr: SocketAddrV4, SocketAddrV6);
