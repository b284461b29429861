// Package xserver connects to X servers for as long as somebody wants to wait for them.
//
// The protocol's library, xgb, waits for ever where a server takes connections and does not answer, and its Close
// waits for the server too. A connection made here ends with its context.
package xserver
