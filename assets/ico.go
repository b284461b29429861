package assets

import (
	"bytes"
	"image"
	"image/png"

	ico "github.com/sergeymakinen/go-ico"
)

// icoFile puts PNG pictures of up to 256 pixels into an ICO file.
func icoFile(pictures ...[]byte) []byte {
	all := make([]image.Image, len(pictures))
	for i, picture := range pictures {
		decoded, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			panic("assets: " + err.Error()) // embedded, tested
		}
		all[i] = decoded
	}
	var file bytes.Buffer
	if err := ico.EncodeAll(&file, all); err != nil {
		panic("assets: " + err.Error()) // small pictures into memory
	}
	return file.Bytes()
}
