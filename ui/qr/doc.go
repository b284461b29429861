// Package qr draws and reads QR codes, for pairing by code.
//
// [Draw] gives a picture with one pixel per module: scale it by whole numbers only and without
// smoothing, with [QuietZone] modules of white around it, whatever the theme. [Read] finds a code in
// a picture, which may be a whole screen, and prefers one that pairs; [Decode] does the same with
// the bytes of a picture file.
//
// A pairing code is a secret until it has been used. Nothing here logs or keeps it, and no error
// repeats what was drawn or read.
package qr
