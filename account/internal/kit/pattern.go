package kit

import (
	"regexp"
	"sync"
)

// Pattern is a pattern that is compiled when it is first needed: a program that needs none starts sooner.
// It must be one that compiles.
func Pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
