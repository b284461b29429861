package account

import (
	"cmp"
	"slices"
)

const (
	// maxCommandPayload is the server's limit for what one command may carry.
	maxCommandPayload = 16384
	// chunkReserve is what encryption, the identifiers and the request around a
	// list of URLs may take of it, as Mozilla's clients reckon.
	chunkReserve = 1500
)

// chunkLimit is how many octets the JSON array of URLs in one command may have:
// the payload is base64, four characters for three octets.
func chunkLimit(maxPayload int) int { return maxPayload/4*3 - chunkReserve }

// chunkURLs spreads URLs over as few commands as sorting by length allows,
// shortest first. URLs that fit no command are returned as unsent.
func chunkURLs(urls []string, maxPayload int) (chunks [][]string, unsent []string) {
	sorted := slices.Clone(urls)
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	limit := chunkLimit(maxPayload)
	for len(sorted) > 0 {
		n := fittingPrefix(sorted, limit)
		if n == 0 {
			// The rest is at least as long as this one.
			return chunks, sorted
		}
		chunks = append(chunks, sorted[:n])
		sorted = sorted[n:]
	}
	return chunks, nil
}

// fittingPrefix is the length of the longest prefix whose JSON array has at
// most limit octets.
func fittingPrefix(urls []string, limit int) int {
	size := len("[]")
	for i, u := range urls {
		text, err := encodePayload(u)
		if err != nil {
			return i
		}
		size += len(text)
		if i > 0 {
			size += len(",")
		}
		if size > limit {
			return i
		}
	}
	return len(urls)
}
