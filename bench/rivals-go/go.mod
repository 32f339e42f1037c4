module csp-bench-go

go 1.19
