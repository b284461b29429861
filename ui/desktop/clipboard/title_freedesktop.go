//go:build !windows && !darwin

package clipboard

import (
	"context"
	"errors"
	"math"

	"github.com/tabferry/tabferry/account/link"
)

// formHTML is a piece of a page; of a copied link it is one with its words.
const formHTML = "text/html"

// titleForms are the forms that hold titles, best first.
func titleForms() []string { return []string{formMoz, formHTML} }

// systemTitles returns the links that the clipboard holds with titles.
func systemTitles(ctx context.Context) ([]link.Titled, error) {
	form, content, err := once{titleForms(), maxTitled}.read(ctx)
	if errors.Is(err, errNothing) {
		return nil, nil
	}
	return titlesIn(form, content), err
}

// titlesIn returns the links with titles in what came in a form.
func titlesIn(form string, content []byte) []link.Titled {
	if form == formHTML {
		return link.InCopied(content, math.MaxInt)
	}
	return link.InMozURL(content)
}
