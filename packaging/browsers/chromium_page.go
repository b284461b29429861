//go:build linux

package browsers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

type chromiumPage struct {
	c               *Chromium
	target, session string
}

// Run implements [Page].
func (p *chromiumPage) Run(ctx context.Context, out any, body string, args ...any) error {
	if args == nil {
		args = []any{}
	}
	text, err := toJSON(args)
	if err != nil {
		return err
	}
	var got struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	err = p.c.call(ctx, p.session, "Runtime.evaluate", map[string]any{
		"expression":   "(async (args) => {" + body + "})(" + text + ")",
		"awaitPromise": true, "returnByValue": true, "userGesture": true,
	}, &got)
	if err != nil {
		return err
	}
	if got.Exception != nil {
		return fmt.Errorf("a script in Chromium failed: %s", got.Exception.Exception.Description)
	}
	if out == nil || got.Result.Value == nil {
		return nil
	}
	return json.Unmarshal(got.Result.Value, out)
}

// Click implements [Page].
func (p *chromiumPage) Click(ctx context.Context, selector string) error {
	var at struct{ X, Y float64 }
	if err := p.Run(ctx, &at, centre, selector); err != nil {
		return err
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		err := p.c.call(ctx, p.session, "Input.dispatchMouseEvent",
			map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// centre gives the middle of an element that is scrolled into view.
const centre = `
	const element = document.querySelector(args[0]);
	if (!element) throw new Error("nothing fits " + args[0]);
	element.scrollIntoView({block: "center"});
	const box = element.getBoundingClientRect();
	return {X: box.x + box.width / 2, Y: box.y + box.height / 2};`

// Spoken implements [Page].
func (p *chromiumPage) Spoken(ctx context.Context, selector string) (role, name string, err error) {
	var element struct {
		Result struct {
			ID string `json:"objectId"`
		} `json:"result"`
	}
	text, err := toJSON(selector)
	if err != nil {
		return "", "", err
	}
	if err := p.c.call(ctx, p.session, "Runtime.evaluate", map[string]any{"expression": "document.querySelector(" + text + ")"}, &element); err != nil {
		return "", "", err
	}
	var tree struct {
		Nodes []struct {
			Role, Name struct{ Value string }
		} `json:"nodes"`
	}
	err = p.c.call(ctx, p.session, "Accessibility.getPartialAXTree", map[string]any{"objectId": element.Result.ID, "fetchRelatives": false}, &tree)
	if err != nil || len(tree.Nodes) == 0 {
		return "", "", errors.Join(err, fmt.Errorf("nothing is spoken of %s", selector))
	}
	return tree.Nodes[0].Role.Value, tree.Nodes[0].Name.Value, nil
}

// keyCodes are the Windows codes that Chromium wants beside the names of keys.
var keyCodes = map[string]int{"Enter": 13, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "End": 35, "Home": 36, "Escape": 27}

// Press implements [Page].
func (p *chromiumPage) Press(ctx context.Context, key string) error {
	down := map[string]any{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": keyCodes[key]}
	if key == "Enter" {
		down["text"] = "\r"
	}
	if err := p.c.call(ctx, p.session, "Input.dispatchKeyEvent", down, nil); err != nil {
		return err
	}
	down["type"] = "keyUp"
	delete(down, "text")
	return p.c.call(ctx, p.session, "Input.dispatchKeyEvent", down, nil)
}

// Picture implements [Page].
func (p *chromiumPage) Picture(ctx context.Context, width int) ([]byte, error) {
	var height float64
	if err := p.c.call(ctx, p.session, "Emulation.setScrollbarsHidden", map[string]any{"hidden": true}, nil); err != nil {
		return nil, err
	}
	size := map[string]any{"width": width, "height": 100, "deviceScaleFactor": 2, "mobile": false}
	if err := p.c.call(ctx, p.session, "Emulation.setDeviceMetricsOverride", size, nil); err != nil {
		return nil, err
	}
	if err := p.Run(ctx, &height, `return document.documentElement.scrollHeight`); err != nil {
		return nil, err
	}
	size["height"] = int(height)
	if err := p.c.call(ctx, p.session, "Emulation.setDeviceMetricsOverride", size, nil); err != nil {
		return nil, err
	}
	var shot struct {
		Data string `json:"data"`
	}
	if err := p.c.call(ctx, p.session, "Page.captureScreenshot", map[string]any{"format": "png"}, &shot); err != nil {
		return nil, err
	}
	if err := p.c.call(ctx, p.session, "Emulation.clearDeviceMetricsOverride", nil, nil); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}

// Close implements [Page].
func (p *chromiumPage) Close(ctx context.Context) error {
	return p.c.call(ctx, "", "Target.closeTarget", map[string]any{"targetId": p.target}, nil)
}

// untilLoaded waits until a page is there: a new tab shows about:blank for a moment.
func untilLoaded(ctx context.Context, p Page) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return Until(ctx, "the page is loaded", func() (bool, string) {
		var state []string
		err := p.Run(ctx, &state, `return [document.readyState, location.href]`)
		ok := err == nil && state[0] == "complete" && state[1] != "about:blank"
		return ok, fmt.Sprint(state, err)
	})
}
