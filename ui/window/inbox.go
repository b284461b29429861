package window

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// openAsk is from how many links on "Open all" asks first.
const openAsk = 10

// inboxPage is how many entries are asked for at a time, and again when one scrolls to their end.
const inboxPage = 100

// againAfter is how long a list that took several answers of the agent rests before it is asked for anew.
const againAfter = time.Second

// searchDelay is how long typing rests before a search is made.
const searchDelay = 200 * time.Millisecond

// inboxPane lists what other devices sent.
type inboxPane struct {
	w      *Window
	page   *widget.Page
	search *widget.Field
	groups *widget.Pile
	walk   *widget.Walk
	byKey  map[string]*inboxCard
	empty  *widget.Surface
	state  *widget.State
	more   *widget.Button
	read   *widget.Button

	// found is the answer to the search, or the pages beyond the snapshot; nil for the snapshot's.
	found []localapi.InboxEntry
	// fresh were unread when the pane came to the front or since: reading one does not move it away from
	// under the pointer.
	fresh map[string]bool
	// leaving are about to be deleted, each at its time: they are not shown, and can be taken back until then.
	leaving   map[string]time.Time
	selected  string // shows its whole link
	query     string
	want      int            // how many entries are asked for, beyond the snapshot's
	all       bool           // there are no more that fit
	serial    int            // the newest question; answers to older ones are dropped
	seen      localapi.Inbox // the snapshot's, when what was found was asked for
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
	// selected is the entry in it that shows its whole link
	selected string
}

func newInboxPane(w *Window) *inboxPane {
	p := &inboxPane{w: w, byKey: map[string]*inboxCard{}, walk: widget.NewWalk(), fresh: map[string]bool{}, leaving: map[string]time.Time{}}
	w.atEnd = append(w.atEnd, p.deleteLeaving)
	p.search = w.field(w.t("window.inbox.search"), w.t("window.inbox.search"))
	p.search.OnChanged = func(string) { p.typed(searchDelay) }
	p.search.OnSubmitted = func(string) { p.look() }
	p.search.OnDown = func() { p.walk.First() }
	p.groups = widget.NewPile(widget.GapLarge - 4)
	p.state = widget.NewState(w.escape)
	p.empty = widget.NewCard(p.state)
	p.more = w.button(w.t("window.inbox.more"), p.older).Quiet()
	p.read = w.button(w.t("window.inbox.read_all"), p.readAll).Quiet()
	p.page = widget.NewPage(w.t("window.inbox.title"), widget.Wide(searchWidth, p.search), widget.VStack(widget.Gap, widget.HStack(0, layout.NewSpacer(), p.read), p.groups, p.empty, widget.Centred(p.more)), nil)
	p.page.Scroll.OnSeen = p.scrolled
	return p
}

func (p *inboxPane) object() fyne.CanvasObject { return p.page.Object }

// shown sorts anew: what was read meanwhile stands behind what was not.
func (p *inboxPane) shown() {
	clear(p.fresh)
	p.update()
}

func (p *inboxPane) escape() {
	if p.search.Text != "" {
		p.search.Put("")
	}
}

// typed waits until typing rests, then searches.
func (p *inboxPane) typed(rest time.Duration) {
	if p.stopDelay != nil {
		p.stopDelay()
	}
	p.stopDelay = p.w.p.After(rest, func() { p.w.post(p.look) })
}

// look asks the agent for what the search and the pages so far want.
func (p *inboxPane) look() {
	p.query = p.search.Text
	p.seen = p.w.model.snap.Inbox
	if p.query == "" && p.want == 0 {
		p.serial++
		p.found, p.problem, p.asking = nil, "", false
		p.update()
		return
	}
	p.ask("", max(inboxPage, p.want), nil)
}

// older asks for the next page.
func (p *inboxPane) older() {
	before := p.entries()
	if len(before) == 0 {
		return
	}
	p.want = len(before) + inboxPage
	if p.found == nil {
		p.look() // the snapshot's are the newest, in another order perhaps
		return
	}
	p.ask(p.found[len(p.found)-1].ID, inboxPage, p.found)
}

// scrolled asks for the next page when the end of what there is comes near.
func (p *inboxPane) scrolled() {
	s := p.page.Scroll
	if p.w.current == PaneInbox && s.Offset.Y > 0 && s.Left() < s.Size().Height && p.more.Visible() && !p.asking && p.problem == "" {
		p.older()
	}
}

// ask asks for so many entries that fit the search and are older than one, newest first, and lists them after
// those there are.
func (p *inboxPane) ask(before string, count int, there []localapi.InboxEntry) {
	p.serial++
	p.asking = true
	serial, query := p.serial, p.query
	var all bool
	fetch(p.w, func(ctx context.Context) (found []localapi.InboxEntry, err error) {
		for len(found) < count && !all {
			q := localapi.InboxQuery{Text: query, Before: before, Limit: min(localapi.MaxInboxPage, count-len(found))}
			page, err := p.w.p.Agent.Inbox(ctx, q)
			if err != nil {
				return nil, err
			}
			found = append(found, page...)
			if all = len(page) < q.Limit; !all {
				before = page[len(page)-1].ID
			}
		}
		return found, nil
	}, func(found []localapi.InboxEntry, err error) {
		if serial != p.serial {
			return
		}
		p.asking, p.problem = false, ""
		if err != nil {
			p.problem = p.w.sentence(err)
			p.found = there
			if there != nil {
				p.w.failed(err)
			}
		} else {
			p.found, p.all = append(slices.Clip(append([]localapi.InboxEntry{}, there...)), found...), all
		}
		p.update()
	})
}

// again asks anew when what was found may have been read or deleted: at once, or, where that takes several
// answers, after a while.
func (p *inboxPane) again() {
	now := p.w.model.snap.Inbox
	same := func(a, b localapi.InboxEntry) bool { return a.ID == b.ID && a.Read == b.Read }
	if now.Total == p.seen.Total && now.Unread == p.seen.Unread && slices.EqualFunc(now.Recent, p.seen.Recent, same) {
		return
	}
	p.seen = now
	switch {
	case p.query == "" && p.want == 0:
	case len(p.found) <= localapi.MaxInboxPage:
		p.look()
	default:
		p.typed(againAfter)
	}
}

// entries returns what is to be listed now.
func (p *inboxPane) entries() []localapi.InboxEntry {
	list := p.found
	if p.query == "" && p.found == nil {
		list = p.w.model.snap.Inbox.Recent
	}
	if len(p.leaving) == 0 {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(e localapi.InboxEntry) bool { return !p.leaving[e.ID].IsZero() })
}

func (p *inboxPane) update() {
	m := &p.w.model
	p.again()
	entries := p.entries()
	groups := p.group(entries)
	p.show(groups)
	widget.SetVisible(p.empty, len(groups) == 0)
	if len(groups) == 0 {
		p.sayEmpty()
	}
	widget.SetVisible(p.read, m.snap.Inbox.Unread > 0 && p.query == "")
	more := m.snap.Inbox.Total > len(entries)
	if p.found != nil {
		more = !p.all
	}
	widget.SetVisible(p.more, more && len(entries) > 0)
	widget.SetVisible(p.search, m.snap.Inbox.Total > 0 || p.search.Text != "")
}

// group sorts entries, and remembers which were unread.
func (p *inboxPane) group(entries []localapi.InboxEntry) []inboxGroup {
	for _, e := range entries {
		if !e.Read {
			p.fresh[e.ID] = true
		}
	}
	return groupInbox(entries, func(e localapi.InboxEntry) bool { return p.fresh[e.ID] }, p.w.p.Now())
}

// show shows the groups, each in the card that it had before.
func (p *inboxPane) show(groups []inboxGroup) {
	items := make([]widget.Piled, 0, len(groups))
	lists := make([]*widget.RowList, 0, len(groups))
	kept := make(map[string]*inboxCard, len(groups))
	var changed []fyne.CanvasObject
	rows := 0
	for _, g := range groups {
		rows += len(g.entries)
	}
	p.groups.Expect(rows)
	for _, g := range groups {
		card := p.byKey[g.key]
		if card == nil {
			card = p.newGroup()
		}
		if p.fill(card, g) {
			changed = append(changed, card.object)
		}
		kept[g.key] = card
		items = append(items, widget.Piled{Object: card.object, List: card.rows})
		lists = append(lists, card.rows)
	}
	p.byKey = kept
	p.walk.Set(lists...)
	p.groups.Set(items, changed)
	widget.SetVisible(p.groups, len(groups) > 0)
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
	c := &inboxCard{title: widget.NewBoldLine("", widget.ColorMuted, theme.SizeNameText), rows: p.groups.List(w.escape)}
	c.open = w.button("", func() { p.openAll(c.group) }).Quiet()
	// The heading is as high without its button as with it.
	side := widget.Stack(widget.Spacer(1, c.open.MinSize().Height), c.open)
	head := widget.Inset(0, 0, 2, 0, widget.Border(nil, nil, nil, side, widget.Middle(c.title)))
	c.object = widget.VStack(widget.GapSmall, head, widget.NewListCard(c.rows))
	return c
}

// fill shows a group in its card, and reports whether its rows have changed.
func (p *inboxPane) fill(c *inboxCard, g inboxGroup) bool {
	w := p.w
	selected := ""
	if slices.ContainsFunc(g.entries, func(e localapi.InboxEntry) bool { return e.ID == p.selected }) {
		selected = p.selected
	}
	same := len(c.group.entries) > 0 && c.selected == selected && slices.EqualFunc(c.group.entries, g.entries, func(a, b localapi.InboxEntry) bool {
		return a.ID == b.ID && a.Read == b.Read
	})
	c.group, c.selected = g, selected
	from := w.t("common.unknown_device")
	if i18n.Plain(g.from) != "" {
		from = w.nameOf(g.fromID, g.from)
	}
	c.title.Set(widget.Dotted(from, dayName(w.words, g.day, w.p.Now())))
	list, unread := g.openable()
	c.open.Relabel(w.words.N(openLabel(unread), len(list)))
	widget.SetVisible(c.open, len(list) > 1)
	if same {
		return false // of ten thousand entries a new one changes few groups
	}
	specs := make([]widget.RowSpec, 0, len(g.entries))
	for _, e := range g.entries {
		specs = append(specs, p.row(e))
	}
	c.rows.Set(specs)
	return true
}

// openLabel is the text of the button that opens several.
func openLabel(unread bool) string {
	if unread {
		return "window.inbox.open_new"
	}
	return "window.inbox.open_all"
}

func (p *inboxPane) row(e localapi.InboxEntry) widget.RowSpec {
	w := p.w
	at := e.At.In(w.p.Now().Location()).Format("15:04")
	spec := widget.RowSpec{ID: e.ID, Strong: !e.Read, More: w.t("window.more"), Icon: "tab", Chosen: p.selected == e.ID}
	spec.Tap = func() { p.selectEntry(e.ID) }
	if spec.Chosen {
		spec.Whole = i18n.Plain(e.URL)
		if len(e.URLs) > 0 {
			spec.Whole = i18n.Plain(strings.Join(e.URLs, "\n"))
		}
	}
	if !e.Read {
		spec.IconColor = widget.ColorAccent
		spec.Mark = w.t("window.inbox.new")
	}
	spec.Remove = func() { p.remove(e.ID) }
	remove := widget.MenuEntry{Label: w.t("window.inbox.delete"), Do: spec.Remove}
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
			spec.Action = widget.Action{Label: w.t("window.inbox.open"), Do: func() { p.open(e) }}
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

// selectEntry shows the whole link of an entry, or hides it again.
func (p *inboxPane) selectEntry(id string) {
	if p.selected == id {
		id = ""
	}
	p.selected = id
	p.update()
}

// open opens links; those count as read that the browser has taken.
func (p *inboxPane) open(entries ...localapi.InboxEntry) {
	taken := make([]localapi.InboxEntry, len(entries))
	asked := len(entries)
	for i, e := range entries {
		p.w.openThen(e.URL, func(ok bool) {
			if ok {
				taken[i] = e
			}
			if asked--; asked == 0 {
				p.markRead(slices.DeleteFunc(taken, func(e localapi.InboxEntry) bool { return e.ID == "" })...)
			}
		})
	}
}

func (p *inboxPane) markRead(entries ...localapi.InboxEntry) {
	list := ids(entries, true)
	if len(list) == 0 {
		return
	}
	p.w.do(func(ctx context.Context) error { return p.w.p.Agent.MarkRead(ctx, list...) })
}

// remove deletes an entry, in a moment: until then it can be taken back.
func (p *inboxPane) remove(id string) {
	w := p.w
	end := w.p.Now().Add(localapi.HoldTime)
	p.leaving[id] = end
	p.update()
	words := func(int) string { return w.words.N("window.toast.deleted", len(p.leaving)) }
	w.toasts.count(widget.ToneInfo, words, w.t("window.undo"), func() { clear(p.leaving); p.update() }, localapi.HoldTime)
	w.p.After(localapi.HoldTime, func() {
		w.post(func() {
			if p.leaving[id] != end { // taken back, perhaps to be deleted once more later
				return
			}
			w.call(func(ctx context.Context) error { return w.p.Agent.DeleteReceived(ctx, id) }, func(err error) {
				delete(p.leaving, id)
				w.failed(err)
				p.update()
			})
		})
	})
}

// deleteLeaving deletes at once what would be deleted in a moment: nobody can take it back any more.
func (p *inboxPane) deleteLeaving(ctx context.Context) error {
	if len(p.leaving) == 0 {
		return nil
	}
	return p.w.p.Agent.DeleteReceived(ctx, slices.Collect(maps.Keys(p.leaving))...)
}

// openAll opens the new links of a group, or all where none is new; many only after asking.
func (p *inboxPane) openAll(g inboxGroup) {
	list, unread := g.openable()
	openThem := func() { p.open(list...) }
	if len(list) <= openAsk {
		openThem()
		return
	}
	p.w.ask(question{
		title: p.w.words.N("window.inbox.open_many", len(list)),
		text:  p.w.t("window.inbox.open_many_text"),
		yes:   p.w.words.N(openLabel(unread), len(list)),
		do:    openThem,
	})
}

// readAll marks everything as read, also what the snapshot does not hold.
func (p *inboxPane) readAll() {
	w := p.w
	w.do(func(ctx context.Context) error {
		for {
			entries, err := w.p.Agent.Inbox(ctx, localapi.InboxQuery{Unread: true, Limit: localapi.MaxInboxPage})
			if err != nil || len(entries) == 0 {
				return err
			}
			if err := w.p.Agent.MarkRead(ctx, ids(entries, true)...); err != nil {
				return err
			}
			if len(entries) < localapi.MaxInboxPage {
				return nil
			}
		}
	})
}
