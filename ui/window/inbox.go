package window

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// openAsk is from how many links on "Open all" asks first.
const openAsk = 10

// maxListed is how many entries are listed at most, the agent's own limit for one answer; what is
// older is found by searching.
const maxListed = 500

// inboxPage is how many entries "Show more" brings.
const inboxPage = 100

// searchDelay is how long typing rests before a search is made.
const searchDelay = 200 * time.Millisecond

// inboxPane lists what other devices sent.
type inboxPane struct {
	w      *Window
	page   *widget.Page
	search *widget.Field
	groups *fyne.Container
	byKey  map[string]*inboxCard
	empty  *widget.Surface
	state  *widget.State
	more   *widget.Button
	read   *widget.Button
	older  *widget.Text

	// found is the answer to the search, or the pages beyond the snapshot; nil for the snapshot's.
	found     []localapi.InboxEntry
	query     string
	want      int // how many entries are shown at most, beyond the snapshot's
	serial    int // the newest question; answers to older ones are dropped
	seen      uint64
	stopDelay func()
	problem   string
	asking    bool
}

// inboxCard is one group: a heading with its buttons, and rows.
type inboxCard struct {
	object fyne.CanvasObject
	title  *widget.Line
	open   *widget.Button
	rows   *widget.RowList
	group  inboxGroup
}

func newInboxPane(w *Window) *inboxPane {
	p := &inboxPane{w: w, byKey: map[string]*inboxCard{}}
	p.search = w.field(w.t("window.inbox.search"), w.t("window.inbox.search"))
	p.search.OnChanged = func(string) { p.typed() }
	p.search.OnSubmitted = func(string) { p.look() }
	p.groups = widget.VStack(widget.GapLarge - 4)
	p.state = widget.NewState(w.escape)
	p.empty = widget.NewCard(p.state)
	p.more = w.button(w.t("window.inbox.more"), func() { p.want = p.shownCount() + inboxPage; p.look() }).Quiet()
	p.read = w.button(w.t("window.inbox.read_all"), p.readAll).Quiet()
	p.older = widget.NewMuted(w.t("window.inbox.older")).Center()
	p.older.Hide()
	beside := container.NewGridWrap(fyne.NewSize(190, p.search.MinSize().Height), p.search)
	p.page = widget.NewPage(w.t("window.inbox.title"), beside, widget.VStack(widget.Gap, p.groups, p.empty, container.NewCenter(widget.HStack(widget.GapSmall, p.read, p.more)), p.older), nil)
	return p
}

func (p *inboxPane) object() fyne.CanvasObject { return p.page.Object }

func (p *inboxPane) shown() {}

func (p *inboxPane) escape() {
	if p.search.Text != "" {
		p.search.Put("")
	}
}

// typed waits until typing rests, then searches.
func (p *inboxPane) typed() {
	if p.stopDelay != nil {
		p.stopDelay()
	}
	p.stopDelay = p.w.p.After(searchDelay, func() { p.w.post(p.look) })
}

// look asks the agent for what the search and "Show more" want.
func (p *inboxPane) look() {
	p.query = p.search.Text
	p.serial++
	serial := p.serial
	if p.query == "" && p.want == 0 {
		p.found, p.problem, p.asking = nil, "", false
		p.update()
		return
	}
	p.asking = true
	q := localapi.InboxQuery{Text: p.query, Limit: min(maxListed, max(inboxPage, p.want))}
	fetch(p.w, func(ctx context.Context) ([]localapi.InboxEntry, error) {
		return p.w.p.Agent.Inbox(ctx, q)
	}, func(found []localapi.InboxEntry, err error) {
		if serial != p.serial {
			return
		}
		p.asking, p.problem = false, ""
		if err != nil {
			p.problem = p.w.sentence(err)
			p.found = nil
		} else {
			p.found = slices.Clip(append([]localapi.InboxEntry{}, found...))
		}
		p.update()
	})
}

// entries returns what is to be listed now.
func (p *inboxPane) entries() []localapi.InboxEntry {
	if p.query == "" && p.found == nil {
		return p.w.model.snap.Inbox.Recent
	}
	return p.found
}

func (p *inboxPane) shownCount() int { return len(p.entries()) }

func (p *inboxPane) update() {
	m := &p.w.model
	if m.snap.Revision != p.seen {
		p.seen = m.snap.Revision
		if p.query != "" || p.want > 0 {
			p.look() // what was found may have been read or deleted
		}
	}
	entries := p.entries()
	groups := groupInbox(entries, p.w.p.Now())
	objects := make([]fyne.CanvasObject, 0, len(groups))
	kept := make(map[string]*inboxCard, len(groups))
	for _, g := range groups {
		card := p.byKey[g.key]
		if card == nil {
			card = p.newGroup()
		}
		p.fill(card, g)
		kept[g.key] = card
		objects = append(objects, card.object)
	}
	p.byKey = kept
	widget.SetObjects(p.groups, objects)
	widget.SetVisible(p.groups, len(groups) > 0)
	widget.SetVisible(p.empty, len(groups) == 0)
	if len(groups) == 0 {
		p.sayEmpty()
	}
	widget.SetVisible(p.read, m.snap.Inbox.Unread > 0 && p.query == "")
	widget.SetVisible(p.more, p.query == "" && len(entries) > 0 && m.snap.Inbox.Total > len(entries) && len(entries) < maxListed)
	widget.SetVisible(p.older, p.query == "" && m.snap.Inbox.Total > len(entries) && len(entries) >= maxListed)
	widget.SetVisible(p.search, m.snap.Inbox.Total > 0 || p.search.Text != "")
}

func (p *inboxPane) sayEmpty() {
	w := p.w
	switch {
	case p.problem != "":
		p.state.Say("inbox", w.t("window.inbox.failed"), p.problem, w.t("window.retry"), p.look)
	case p.asking:
		p.state.Say("inbox", w.t("window.inbox.searching"), "", "", nil)
	case p.query != "":
		p.state.Say("inbox", w.t("window.inbox.nothing", "Query", i18n.Plain(p.query)), "", w.t("window.inbox.clear_search"), func() { p.search.Put(""); p.look() })
	default:
		p.state.Say("inbox", w.t("window.inbox.empty"), w.t("window.inbox.empty_text"), w.t("window.inbox.devices"), func() { w.show(PaneDevices) })
	}
}

func (p *inboxPane) newGroup() *inboxCard {
	w := p.w
	c := &inboxCard{title: widget.NewBoldLine("", widget.ColorMuted, theme.SizeNameText), rows: widget.NewRowList(w.escape)}
	c.open = w.button("", func() { p.openAll(c.group) }).Quiet()
	// The heading is as high without its button as with it.
	side := container.NewStack(widget.Spacer(1, c.open.MinSize().Height), c.open)
	head := widget.Inset(0, 0, 2, 0, container.NewBorder(nil, nil, nil, side, widget.Middle(c.title)))
	c.object = widget.VStack(widget.GapTiny, head, widget.NewListCard(c.rows))
	return c
}

func (p *inboxPane) fill(c *inboxCard, g inboxGroup) {
	w := p.w
	c.group = g
	from := w.t("common.unknown_device")
	if i18n.Plain(g.from) != "" {
		from = w.nameOf(g.fromID, g.from)
	}
	c.title.Set(widget.Dotted(from, dayName(w.words, g.day, w.p.Now())))
	c.open.Relabel(w.words.N("window.inbox.open_all", len(g.openable())))
	widget.SetVisible(c.open, len(g.openable()) > 1)
	specs := make([]widget.RowSpec, 0, len(g.entries))
	for _, e := range g.entries {
		specs = append(specs, p.row(e))
	}
	c.rows.Set(specs)
}

func (p *inboxPane) row(e localapi.InboxEntry) widget.RowSpec {
	w := p.w
	at := e.At.In(w.p.Now().Location()).Format("15:04")
	spec := widget.RowSpec{ID: e.ID, Strong: !e.Read, More: w.t("window.more"), Icon: "tab"}
	if !e.Read {
		spec.IconColor = widget.ColorAccent
		spec.Mark = w.t("window.inbox.new")
	}
	remove := widget.MenuEntry{Label: w.t("window.inbox.delete"), Do: func() { p.remove(e.ID) }}
	switch e.Kind {
	case localapi.KindUnreadable:
		spec.Icon, spec.IconColor, spec.DetailTone = "lock", widget.ColorWarn, widget.ToneWarn
		spec.Title = w.t("window.inbox.unreadable")
		reason := i18n.Plain(e.Reason)
		if reason == "" {
			reason = w.t("window.inbox.unreadable_why")
		}
		spec.Detail = widget.Dotted(reason, at)
	case localapi.KindClose:
		spec.Icon = "device"
		spec.Title = w.words.N("window.inbox.close_request", len(e.URLs))
		var hosts string
		for _, address := range e.URLs[:min(3, len(e.URLs))] {
			hosts = widget.Dotted(hosts, shortLink(address))
		}
		spec.Detail = widget.Dotted(hosts, at)
		spec.Menu = append(spec.Menu, widget.MenuEntry{Label: w.t("window.inbox.copy_links"), Do: func() { w.copy(strings.Join(e.URLs, "\n")); p.markRead(e) }})
	default:
		host := i18n.Plain(e.Host)
		spec.Title = titleOf(e.Title, e.URL)
		spec.Detail = widget.Dotted(host, at)
		if e.Private {
			spec.Detail = widget.Dotted(host, w.t("window.inbox.private"), at)
		}
		if e.CanOpen {
			spec.Tap = func() { p.open(e) }
			spec.Action = widget.Action{Label: w.t("window.inbox.open"), Do: spec.Tap}
		} else {
			spec.Detail = widget.Dotted(w.t("window.inbox.not_openable"), at)
		}
		spec.Menu = append(spec.Menu, widget.MenuEntry{Label: w.t("window.copy_link"), Do: func() { w.copy(e.URL); p.markRead(e) }})
	}
	if !e.Read {
		spec.Menu = append(spec.Menu, widget.MenuEntry{Label: w.t("window.inbox.mark_read"), Do: func() { p.markRead(e) }})
	}
	spec.Menu = append(spec.Menu, remove)
	return spec
}

func (p *inboxPane) open(e localapi.InboxEntry) {
	p.w.open(e.URL)
	p.markRead(e)
}

func (p *inboxPane) markRead(entries ...localapi.InboxEntry) {
	list := ids(entries, true)
	if len(list) == 0 {
		return
	}
	p.w.do(func(ctx context.Context) error { return p.w.p.Agent.MarkRead(ctx, list...) })
}

func (p *inboxPane) remove(id string) {
	p.w.do(func(ctx context.Context) error { return p.w.p.Agent.DeleteReceived(ctx, id) })
}

// openAll opens all links of a group; many only after asking.
func (p *inboxPane) openAll(g inboxGroup) {
	list := g.openable()
	openThem := func() {
		for _, e := range list {
			p.w.open(e.URL)
		}
		p.markRead(list...)
	}
	if len(list) <= openAsk {
		openThem()
		return
	}
	p.w.ask(question{
		title: p.w.words.N("window.inbox.open_many", len(list)),
		text:  p.w.t("window.inbox.open_many_text"),
		yes:   p.w.words.N("window.inbox.open_all", len(list)),
		do:    openThem,
	})
}

// readAll marks everything as read, also what the snapshot does not hold.
func (p *inboxPane) readAll() {
	w := p.w
	w.do(func(ctx context.Context) error {
		for {
			entries, err := w.p.Agent.Inbox(ctx, localapi.InboxQuery{Unread: true, Limit: maxListed})
			if err != nil || len(entries) == 0 {
				return err
			}
			if err := w.p.Agent.MarkRead(ctx, ids(entries, true)...); err != nil {
				return err
			}
			if len(entries) < maxListed {
				return nil
			}
		}
	})
}
