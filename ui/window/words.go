package window

import (
	"fmt"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/device"
)

// clockTime returns a moment of today as "14:05", of another day with its date before it.
func clockTime(t, now time.Time) string {
	t = t.In(now.Location())
	if sameDay(t, now) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// when returns a moment as words that fit after a noun: "5 minutes ago", "14:05", a date.
func when(c *i18n.Catalogue, t, now time.Time) string {
	t = t.In(now.Location())
	if now.Sub(t) < time.Hour {
		return c.Ago(t, now)
	}
	return clockTime(t, now)
}

// dayName returns a day as a heading: Today, Yesterday, Tuesday, or its date.
func dayName(c *i18n.Catalogue, t, now time.Time) string {
	t = t.In(now.Location())
	switch {
	case sameDay(t, now):
		return c.T("window.day.today")
	case sameDay(t, now.AddDate(0, 0, -1)):
		return c.T("window.day.yesterday")
	case t.After(now) || now.Sub(t) > 6*24*time.Hour:
		return dateWords(c, t, now)
	default:
		return c.T(fmt.Sprintf("window.weekday.d%d", t.Weekday()))
	}
}

// dateWords returns "4 March", with the year when it is another one.
func dateWords(c *i18n.Catalogue, t, now time.Time) string {
	month := c.T(fmt.Sprintf("window.month.m%d", t.Month()))
	if t.Year() == now.Year() {
		return c.T("window.day.date", "Day", t.Day(), "Month", month)
	}
	return c.T("window.day.date_year", "Day", t.Day(), "Month", month, "Year", t.Year())
}

func sameDay(a, b time.Time) bool {
	ay, am, ad := a.Date()
	by, bm, bd := b.Date()
	return ay == by && am == bm && ad == bd
}

// countdown returns a rest of time as "4:07"; an expired one is "0:00".
func countdown(rest time.Duration) string {
	if rest < 0 {
		rest = 0
	}
	seconds := int((rest + time.Second - 1) / time.Second)
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// noLink says why a text is no web link.
func (w *Window) noLink(why link.Reason) string {
	if why == link.NoScheme || why == link.Nothing {
		return w.t("window.send.no_link")
	}
	return w.t("common.link." + string(why))
}

// shortLink returns a link without its scheme, for a row below its host.
func shortLink(address string) string { return i18n.Plain(link.Short(address)) }

// titleOf returns what to call a link: its title, or the link without scheme and query.
func titleOf(title, address string) string {
	if t := i18n.Plain(title); t != "" {
		return t
	}
	return shortLink(address)
}

// maxName is more than any device's name has, in characters: rows cut what does not fit.
const maxName = 300

// name returns what a device is called here, in at most most characters of its own name.
func (w *Window) name(d localapi.Device, most int) string {
	var all []localapi.Device // that it could be taken for
	if w.model.namesakes[d.ID] {
		all = w.model.snap.Devices.Items
	}
	return device.Name(w.words, d, all, w.p.Now(), most)
}

// nameOf returns what the device of an id is called, which may be gone: then by the name it had.
func (w *Window) nameOf(id, name string) string {
	for _, d := range w.model.snap.Devices.Items {
		if d.ID == id && i18n.Plain(d.Name) == i18n.Plain(name) {
			return w.name(d, maxName)
		}
	}
	if name = i18n.Plain(name); name != "" {
		return name
	}
	return w.t("common.unnamed_device")
}

// seen returns when a device or client was last seen, in words.
func (w *Window) seen(t time.Time) string {
	if t.IsZero() {
		return w.t("window.seen_unknown")
	}
	return w.t("window.seen", "When", w.words.Ago(t, w.p.Now()))
}
