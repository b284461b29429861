//go:build windows || (darwin && cgo)

package tray

// joined has nothing to know: the system's tray is always the same.
type joined struct{}

func (*joined) note()   {}
func (*joined) rejoin() {}
