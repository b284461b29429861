package i18n

import "time"

// Ago returns how long before now t was, in words a person uses: "just now", "5 minutes ago",
// "yesterday", "3 days ago"; beyond 30 days the date. A zero t gives "never", a t up to a minute
// in the future (clocks differ) "just now".
func (c *Catalogue) Ago(t, now time.Time) string {
	if t.IsZero() {
		return c.T("common.never")
	}
	d := now.Sub(t)
	switch {
	case d < -time.Minute || d > 30*24*time.Hour:
		return t.In(now.Location()).Format(time.DateOnly)
	case d < time.Minute:
		return c.T("common.just_now")
	case d < time.Hour:
		return c.N("common.minutes_ago", int(d/time.Minute))
	case d < 24*time.Hour:
		return c.N("common.hours_ago", int(d/time.Hour))
	case d < 48*time.Hour:
		return c.T("common.yesterday")
	default:
		return c.N("common.days_ago", int(d/(24*time.Hour)))
	}
}
