package desktop

// Browsers returns none: macOS tells them only to programs that are linked with its Launch Services. What one
// writes in the settings is "open -a" and the name.
func Browsers(string) ([]Browser, error) { return nil, nil }
