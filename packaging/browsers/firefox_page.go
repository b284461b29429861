//go:build linux

package browsers

import (
	"context"
	"encoding/base64"
	"errors"
)

type firefoxPage struct {
	f      *Firefox
	handle string
}

// within does something in the page's tab.
func (p *firefoxPage) within(do func() error) error {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	if err := p.f.in("content", p.handle); err != nil {
		return err
	}
	return do()
}

// Run implements [Page].
func (p *firefoxPage) Run(_ context.Context, out any, body string, args ...any) error {
	return p.within(func() error { return p.f.script(nil, out, body, args) })
}

// Click implements [Page].
func (p *firefoxPage) Click(_ context.Context, selector string) error {
	return p.within(func() error { return p.f.click(selector) })
}

// Spoken implements [Page].
func (p *firefoxPage) Spoken(_ context.Context, selector string) (role, name string, err error) {
	err = p.within(func() error {
		id, err := p.f.element(selector)
		if err != nil {
			return err
		}
		for command, out := range map[string]*string{"WebDriver:GetComputedRole": &role, "WebDriver:GetComputedLabel": &name} {
			var got struct {
				Value string `json:"value"`
			}
			if err := p.f.Call(command, map[string]any{"id": id}, &got); err != nil {
				return err
			}
			*out = got.Value
		}
		return nil
	})
	return role, name, err
}

// keyNames are WebDriver's characters for keys (WebDriver, 17.4.2).
var keyNames = map[string]string{
	"Enter": "\uE007", "Tab": "\uE004", "ArrowDown": "\uE015", "ArrowUp": "\uE013", "End": "\uE010", "Home": "\uE011", "Escape": "\uE00C",
}

// Press implements [Page].
func (p *firefoxPage) Press(_ context.Context, key string) error {
	if name, ok := keyNames[key]; ok {
		key = name
	}
	return p.perform(map[string]any{
		"type": "key", "id": "keyboard",
		"actions": []any{map[string]any{"type": "keyDown", "value": key}, map[string]any{"type": "keyUp", "value": key}},
	})
}

// RightClick opens the context menu of what a selector finds in one of its pages.
func (f *Firefox) RightClick(ctx context.Context, page Page, selector string) error {
	p, ok := page.(*firefoxPage)
	if !ok {
		return errors.New("the page is not Firefox's")
	}
	var at struct{ X, Y float64 }
	if err := p.Run(ctx, &at, centre, selector); err != nil {
		return err
	}
	return p.perform(map[string]any{
		"type": "pointer", "id": "mouse", "parameters": map[string]any{"pointerType": "mouse"},
		"actions": []any{
			map[string]any{"type": "pointerMove", "x": int(at.X), "y": int(at.Y), "origin": "viewport"},
			map[string]any{"type": "pointerDown", "button": 2},
			map[string]any{"type": "pointerUp", "button": 2},
		},
	})
}

func (p *firefoxPage) perform(source map[string]any) error {
	return p.within(func() error {
		return p.f.Call("WebDriver:PerformActions", map[string]any{"actions": []any{source}}, nil)
	})
}

// Picture implements [Page].
func (p *firefoxPage) Picture(ctx context.Context, width int) ([]byte, error) {
	narrow := `
		document.documentElement.style.maxWidth = document.body.style.maxWidth = args[0] + "px";
		return [document.documentElement.scrollHeight]`
	if err := p.Run(ctx, nil, narrow, width); err != nil {
		return nil, err
	}
	var shot struct {
		Data string `json:"value"`
	}
	err := p.within(func() error {
		id, err := p.f.element("html")
		if err != nil {
			return err
		}
		return p.f.Call("WebDriver:TakeScreenshot", map[string]any{"id": id, "full": false}, &shot)
	})
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}

// Close implements [Page].
func (p *firefoxPage) Close(context.Context) error {
	err := p.within(func() error { return p.f.Call("WebDriver:CloseWindow", map[string]any{}, nil) })
	if err != nil {
		return err
	}
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	var handles []string
	if err := p.f.Call("WebDriver:GetWindowHandles", map[string]any{}, &handles); err != nil || len(handles) == 0 {
		return err
	}
	return p.f.in("content", handles[len(handles)-1])
}
