// Go's programs: go build -o PROGRAM ./WORKLOAD/go.go
module compare

go 1.19
