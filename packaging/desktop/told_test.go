//go:build desktop && linux

package desktop_test

import (
	"context"
	"errors"
	"image"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

// again is how long nothing at all may come of an act until a person tries again.
const again = 15 * time.Second

// effect is what an act is to bring about.
type effect struct {
	what string
	is   func(all []box.Told) bool
}

// shows is that some text is shown.
func shows(words string) effect {
	return effect{strconv.Quote(words), func(all []box.Told) bool {
		return slices.ContainsFunc(all, func(o box.Told) bool { return strings.Contains(o.Name, words) && o.Is(box.ToldShowing) })
	}}
}

// offers is that something to click is shown.
func offers(role, name string) effect {
	return effect{role + " " + name, func(all []box.Told) bool { return slices.ContainsFunc(all, called(role, name)) }}
}

// has is that something is shown, in a state.
func has(state int, role, name string) effect {
	return effect{role + " " + name, func(all []box.Told) bool {
		return slices.ContainsFunc(all, func(o box.Told) bool { return called(role, name)(o) && o.Is(state) })
	}}
}

// unseen is for what brings about nothing that is told.
var unseen = effect{"nothing", func([]box.Told) bool { return true }}

// lacks is that something to click is not shown any more.
func lacks(role, name string) effect {
	return effect{"no " + role + " " + name, func(all []box.Told) bool { return !slices.ContainsFunc(all, called(role, name)) }}
}

// agent is that the agent knows something.
func (p *person) agent(what string, fits func(snapshot) bool) effect {
	return effect{what, func([]box.Told) bool {
		ctx, cancel := context.WithTimeout(p.t.Context(), box.Patience)
		defer cancel()
		s, err := p.app.Client().Snapshot(ctx)
		return err == nil && fits(s)
	}}
}

// called fits what has a role and a name with these words; of a button they are its first.
func called(role, words string) func(box.Told) bool {
	return func(o box.Told) bool {
		return o.Role == role && (strings.HasPrefix(o.Name, words) || role == "list item" && strings.Contains(o.Name, words)) && o.Is(box.ToldShowing)
	}
}

// same reports whether nothing has changed but for figures, such as the seconds until a send leaves.
func same(before, now []box.Told) bool {
	return slices.EqualFunc(before, now, func(a, b box.Told) bool {
		a.Name, b.Name = strings.Map(noFigure, a.Name), strings.Map(noFigure, b.Name)
		return a.Same(b)
	})
}

func noFigure(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}

// told is all that the window tells of itself now.
func (w *screen) told() (all []box.Told) {
	w.t.Helper()
	l := w.listen()
	ctx, cancel := context.WithTimeout(w.t.Context(), box.Patience)
	defer cancel()
	var failed error
	err := box.Until(ctx, func() bool {
		all, failed = l.Glance(ctx, "Tabferry")
		return failed == nil
	})
	if err != nil {
		w.t.Fatal(errors.Join(err, failed))
	}
	return all
}

// place says where something is, nowhere once it has gone.
func (w *screen) place(o box.Told) image.Rectangle {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), box.Patience)
	defer cancel()
	at, err := w.listen().Place(ctx, o)
	if err != nil {
		return image.Rectangle{}
	}
	return at
}

// untilTold waits until something is so, and returns what is told then.
func (w *screen) untilTold(want ...effect) (all []box.Told) {
	w.t.Helper()
	var missing string
	err := box.Until(within(w.t, box.Patience), func() bool {
		all = w.told()
		missing = lacking(all, want)
		return missing == ""
	})
	if err != nil {
		w.stuck("waiting for "+missing, all)
	}
	return all
}

// lacking is the first of what is wanted that is not so, "" if all is.
func lacking(all []box.Told, want []effect) string {
	for _, o := range want {
		if !o.is(all) {
			return o.what
		}
	}
	return ""
}

// stuck ends the test with what is told, and keeps a picture where TABFERRY_KEEP says.
func (w *screen) stuck(complaint string, all []box.Told) {
	w.t.Helper()
	w.keep(strings.ReplaceAll(w.t.Name(), "/", "-") + "-stuck")
	var told []string
	for _, o := range all {
		told = append(told, o.Role+" "+o.Name)
	}
	w.t.Fatalf("%s in vain; told is %q", complaint, told)
}

// act does something and waits for what is to come of it; if nothing is named, for any change. If nothing at all
// comes of it, and it can be done still, it is done again, as people do. do is told what is told at that moment,
// and reports whether it found what it is to be done to.
func (w *screen) act(what string, do func(all []box.Told) bool, want ...effect) {
	w.t.Helper()
	ctx := within(w.t, box.Patience)
	for ctx.Err() == nil {
		before := w.told()
		if !do(before) {
			time.Sleep(settle / 10)
			continue
		}
		if w.came(before, want) {
			return
		}
		w.t.Logf("%s: nothing has come of it", what)
	}
	all := w.told()
	w.stuck(what+", and then waiting for "+lacking(all, want), all)
}

// came waits for what an act is to bring about, as long as it brings about anything.
func (w *screen) came(before []box.Told, want []effect) bool {
	w.t.Helper()
	ctx := within(w.t, box.Patience)
	for last, since := before, time.Now(); time.Since(since) < again && ctx.Err() == nil; time.Sleep(settle / 10) {
		now := w.told()
		if len(want) == 0 && !same(before, now) || len(want) > 0 && lacking(now, want) == "" {
			return true
		}
		if !same(last, now) {
			last, since = now, time.Now()
		}
	}
	return false
}

// focus is what has the keyboard focus, nothing if that is not told.
func (w *screen) focus() (o box.Told) {
	w.t.Helper()
	all := w.told()
	if i := slices.IndexFunc(all, func(o box.Told) bool { return o.Is(box.ToldFocused) }); i >= 0 {
		o = all[i]
	}
	return o
}

// untilFocus waits until something of this name has the keyboard focus.
func (w *screen) untilFocus(name string) {
	w.t.Helper()
	w.untilTold(effect{"the focus at " + name, func(all []box.Told) bool {
		return slices.ContainsFunc(all, func(o box.Told) bool { return o.Is(box.ToldFocused) && strings.Contains(o.Name, name) })
	}})
}

// move presses a key that moves the focus, and waits until the focus is elsewhere.
func (w *screen) move(key string) {
	w.t.Helper()
	before := w.focus()
	w.act(key, func([]box.Told) bool { w.keys(key); return true },
		effect{"the focus elsewhere", func(all []box.Told) bool {
			i := slices.IndexFunc(all, func(o box.Told) bool { return o.Is(box.ToldFocused) })
			return i >= 0 && !all[i].Same(before)
		}})
}

// goes goes to a pane by its key.
func (w *screen) goes(key, name string) {
	w.t.Helper()
	w.act(key, func([]box.Told) bool { w.keys(key); return true }, has(box.ToldSelected, "page tab", name))
}
