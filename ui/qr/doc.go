// Package qr draws and reads QR codes, for pairing by code.
//
// [Draw] gives a picture with one pixel per module: scale it by whole numbers only and without
// smoothing, on white, whatever the theme. [Terminal] gives the same as text. [Read], [Decode] and
// [ReadFile] find every code in a picture, which may be a whole screen; [Pairing] picks the one
// that pairs.
//
// A pairing code is a secret until it has been used. Nothing here logs or keeps it, and no error
// repeats what was drawn or read.
package qr
