//go:build peers && linux

package browsers_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tabferry/tabferry/packaging/browsers"
)

// page opens a page of the extension and waits until it has drawn itself.
func (s *station) page(name string) *page {
	s.t.Helper()
	address, err := s.browser.Address(s.within(), s.id, name)
	if err != nil {
		s.t.Fatal(err)
	}
	p := s.open(address)
	p.untilReady()
	return p
}

// open opens any page.
func (s *station) open(address string) *page {
	s.t.Helper()
	p, err := s.browser.Open(s.within(), address)
	if err != nil {
		s.t.Fatal(err)
	}
	return &page{p, s}
}

// page is a page on behalf of a test.
type page struct {
	browsers.Page
	s *station
}

func (p *page) run(out any, body string, args ...any) {
	p.s.t.Helper()
	if err := p.Run(p.s.within(), out, "const api = globalThis.browser?.runtime ? browser : globalThis.chrome; "+body, args...); err != nil {
		p.s.t.Fatal(err)
	}
}

// click clicks once; while the page is still moving, a browser refuses to.
func (p *page) click(selector string) {
	p.s.t.Helper()
	p.s.until("a click on "+selector+" is possible", func() (bool, string) {
		err := p.Click(p.s.within(), selector)
		return err == nil, fmt.Sprint(err)
	})
}

func (p *page) press(key string) {
	p.s.t.Helper()
	if err := p.Press(p.s.within(), key); err != nil {
		p.s.t.Fatal(err)
	}
}

func (p *page) close() {
	p.s.t.Helper()
	if err := p.Close(p.s.within()); err != nil {
		p.s.t.Fatal(err)
	}
}

func (p *page) untilReady() {
	p.s.t.Helper()
	p.untilTrue("the page has drawn itself", `return document.documentElement.dataset.ready === "true"`)
}

// untilTrue waits for something to be so in the page, and tells what the page shows instead.
func (p *page) untilTrue(what, body string, args ...any) {
	p.s.t.Helper()
	p.s.until(what, func() (bool, string) {
		var is bool
		if err := p.Run(p.s.within(), &is, "const api = globalThis.browser?.runtime ? browser : globalThis.chrome; "+body, args...); err != nil {
			return false, err.Error()
		}
		if is {
			return true, ""
		}
		var shown string
		_ = p.Run(p.s.within(), &shown, `return document.body.innerText`) // only for the message
		return false, "the page shows: " + shown
	})
}

// untilShows waits until what a selector finds shows a text.
func (p *page) untilShows(selector, text string) {
	p.s.t.Helper()
	p.untilTrue(selector+" shows "+text,
		`const e = document.querySelector(args[0]); return !!e && e.checkVisibility() && e.textContent.includes(args[1])`, selector, text)
}

// picture writes a picture of the page, if pictures are wanted.
func (p *page) picture(name string, width int) {
	p.s.t.Helper()
	if *pictures == "" {
		return
	}
	png, err := p.Picture(p.s.within(), width)
	if err != nil {
		p.s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, p.s.browser.Name()+"-"+name+".png"), png, 0o600); err != nil {
		p.s.t.Fatal(err)
	}
}
