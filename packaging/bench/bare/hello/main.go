//go:build linux

// Command hello is the least program: what `make bench` holds the command line against.
package main

import "fmt"

func main() { fmt.Println("hello, world") }
