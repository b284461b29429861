//go:build linux

package box

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// pageSteps is how many forms a sign-in may ask for before we call it a loop.
const pageSteps = 5

// Continue does what a person does in a browser on the test service's sign-in page: opens it and
// submits its first form with what is filled in, until a page has no form any more. Redirects are
// followed as a browser would, the one to our own loopback address included.
func Continue(ctx context.Context, address string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar, Timeout: Patience}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	for range pageSteps {
		response, err := browser.Do(request)
		if err != nil {
			return err
		}
		page, err := html.Parse(io.LimitReader(response.Body, 1<<20))
		if closeErr := response.Body.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("the page %s answers %s", response.Request.URL.Path, response.Status)
		}
		form := find(page, "form")
		if form == nil {
			return nil
		}
		request, err = submit(ctx, response.Request.URL, form)
		if err != nil {
			return err
		}
	}
	return errors.New("the sign-in page asks again and again")
}

// submit makes the request of a form's first button.
func submit(ctx context.Context, page *url.URL, form *html.Node) (*http.Request, error) {
	target, err := page.Parse(attribute(form, "action"))
	if err != nil {
		return nil, err
	}
	values := url.Values{}
	pressed := false
	for node := range form.Descendants() {
		if node.Type != html.ElementNode || attribute(node, "name") == "" {
			continue
		}
		button := node.Data == "button" || attribute(node, "type") == "submit"
		switch {
		case button && pressed:
		case button:
			pressed = true
			values.Add(attribute(node, "name"), attribute(node, "value"))
		case node.Data == "input":
			values.Add(attribute(node, "name"), attribute(node, "value"))
		}
	}
	if !strings.EqualFold(attribute(form, "method"), "post") {
		target.RawQuery = values.Encode()
		return http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(values.Encode()))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", page.Scheme+"://"+page.Host)
	}
	return request, err
}

func find(root *html.Node, tag string) *html.Node {
	for node := range root.Descendants() {
		if node.Type == html.ElementNode && node.Data == tag {
			return node
		}
	}
	return nil
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
