// Command tabferry is a tray companion for a Mozilla account.
package main

func main() {}
