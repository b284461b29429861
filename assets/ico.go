package assets

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
	"image/png"
)

// maxICO is the widest picture an ICO directory can describe: its size is one byte, zero for 256.
const maxICO = 256

// ico puts square PNG pictures of up to maxICO pixels into an ICO file. Each becomes a device
// independent bitmap of 32 bits a pixel, because programs that read PNG entries smaller than 256
// pixels are not the rule (Microsoft, "Icons"; BITMAPINFOHEADER).
func ico(pictures ...[]byte) []byte {
	const headerSize, entrySize = 6, 16
	var file, bitmaps bytes.Buffer
	write := func(b *bytes.Buffer, values ...any) {
		for _, v := range values {
			if err := binary.Write(b, binary.LittleEndian, v); err != nil {
				panic("assets: " + err.Error()) // fixed-size values into memory
			}
		}
	}
	write(&file, uint16(0), uint16(1), uint16(len(pictures))) //nolint:gosec // a handful
	for _, picture := range pictures {
		decoded, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			panic("assets: " + err.Error()) // embedded, tested
		}
		bitmap := dib(decoded)
		size := decoded.Bounds().Dx()
		offset := headerSize + entrySize*len(pictures) + bitmaps.Len()
		write(&file, uint8(size), uint8(size), uint8(0), uint8(0), uint16(1), uint16(32), uint32(len(bitmap)), uint32(offset)) //nolint:gosec // 256 is written as 0
		bitmaps.Write(bitmap)
	}
	file.Write(bitmaps.Bytes())
	return file.Bytes()
}

// dib draws a picture as a bitmap: header, rows from the bottom as BGRA, then a mask of zeroes,
// which a reader of 32 bits ignores but must find.
func dib(picture image.Image) []byte {
	size := picture.Bounds().Dx()
	pixels := image.NewNRGBA(image.Rect(0, 0, size, size))
	draw.Draw(pixels, pixels.Bounds(), picture, picture.Bounds().Min, draw.Src)
	maskStride := (size + 31) / 32 * 4
	b := make([]byte, 40, 40+size*size*4+maskStride*size)
	binary.LittleEndian.PutUint32(b[0:], 40)
	binary.LittleEndian.PutUint32(b[4:], uint32(size))   //nolint:gosec // at most 256
	binary.LittleEndian.PutUint32(b[8:], uint32(2*size)) //nolint:gosec // colours and mask
	binary.LittleEndian.PutUint16(b[12:], 1)
	binary.LittleEndian.PutUint16(b[14:], 32)
	for y := size - 1; y >= 0; y-- {
		for x := range size {
			c := pixels.NRGBAAt(x, y)
			b = append(b, c.B, c.G, c.R, c.A)
		}
	}
	return append(b, make([]byte, maskStride*size)...)
}
