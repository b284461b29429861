// Package macos holds the test of the bundle for macOS. `make macos` makes and tests it; without the tag
// macos there is nothing here.
package macos
