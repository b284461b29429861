package window

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/device"
	"github.com/tabferry/tabferry/ui/widget"
)

// sendPane sends links to devices.
type sendPane struct {
	w    *Window
	page *widget.Page

	link   *widget.Field
	hint   *widget.Text
	single *fyne.Container
	list   *linkList // several links; empty while there is the one in the field

	targets    *widget.RowList
	find       *widget.Field  // among many devices
	found      *widget.Text   // that there is none
	more       *widget.Button // shows all of many devices
	allTargets bool
	targetBox  *fyne.Container
	targetCard *widget.Surface
	stateCard  *widget.Surface
	state      *widget.State
	stale      *widget.Text
	private    *widget.Option

	sentBox  *fyne.Container
	waiting  waitingSends
	sentRows *widget.RowList
	sentMore *widget.Button
	allSent  bool

	status *widget.Line
	send   *widget.Button

	title   string // of the link in the field, when known
	chosen  map[string]bool
	touched bool   // the person has chosen devices
	offered string // the clipboard's content when it was last looked at
	fromClip,
	busy bool
}

func newSendPane(w *Window) *sendPane {
	p := &sendPane{w: w, chosen: map[string]bool{}}
	p.link = w.field(w.t("window.send.link"), w.t("window.send.link_hint"))
	p.link.OnChanged = func(string) { p.title = ""; p.fromClip = false; p.update() }
	p.link.OnSubmitted = func(string) { p.submit() }
	p.link.OnPaste = func(words string) bool {
		links := findLinks(words)
		into := p.link.Text != "" && p.link.SelectedText() != p.link.Text // something that stays
		if len(links) == 0 || len(links) == 1 && into {
			return false
		}
		p.setLinks(links, "")
		p.askTitle()
		return true
	}
	p.hint = widget.NewMuted("")
	paste := w.iconButton(w.t("window.paste"), theme.ContentPasteIcon(), func() { w.pasted(w.p.Clipboard.Content()) })
	p.single = widget.VStack(widget.GapTiny, widget.Beside(p.link, paste), p.hint)
	p.list = newLinkList(w, p.update, func() { p.setLinks(nil, ""); w.focus(p.link) })

	p.targets = widget.NewRowList(w.escape)
	p.stale = widget.NewMuted("")
	p.private = w.option(w.t("window.send.private"), nil)
	p.find, p.found = w.field(w.t("window.send.search_devices"), w.t("window.send.search_devices")), widget.NewMuted("")
	p.find.OnChanged = func(string) { p.update() }
	p.find.OnDown = func() { p.targets.First() }
	p.find.OnEscape = func() {
		if p.find.Text == "" {
			w.escape()
			return
		}
		p.find.Put("")
		p.update()
	}
	p.more = w.button("", func() { p.allTargets = !p.allTargets; p.update() }).Quiet()
	p.targetCard = widget.NewListCard(widget.VStack(0, p.targets, p.more))
	p.targetBox = widget.VStack(widget.GapSmall, widget.SectionTitle(w.t("window.send.to")), p.find, p.found, p.stale, p.targetCard, widget.Inset(0, 0, 4, 4, p.private))
	p.state = widget.NewState(w.escape)
	p.stateCard = widget.NewCard(p.state)

	p.sentRows = widget.NewRowList(w.escape)
	p.sentMore = w.button("", func() { p.allSent = !p.allSent; p.update() }).Quiet()
	p.sentBox = widget.VStack(widget.GapSmall, widget.SectionTitle(w.t("window.send.recent")), p.waiting.build(w), widget.NewListCard(widget.VStack(0, p.sentRows, p.sentMore)))

	p.status = widget.NewLine("", widget.ColorMuted, theme.SizeNameText)
	p.status.Most = 3
	p.send = w.mainButton(w.t("window.send.send"), p.submit)
	p.send.Icon = widget.Icon("send", theme.ColorNameForegroundOnPrimary)
	bar := widget.Border(nil, nil, nil, p.send, widget.Middle(p.status))

	content := widget.Columns(
		widget.VStack(widget.GapLarge-4, widget.NewCard(widget.VStack(0, p.single, p.list.object)), p.targetBox, p.stateCard), p.sentBox)
	p.page = widget.NewWidePage(w.t("window.send.title"), nil, content, bar)
	return p
}

func (p *sendPane) object() fyne.CanvasObject { return p.page.Object }

// shown fills the link field from the clipboard, once for each new content.
func (p *sendPane) shown() {
	if p.link.Text == "" && p.list.links == nil {
		content := p.w.p.Clipboard.Content()
		if copied, ok := link.Copied(content); ok && content != p.offered {
			p.link.Put(copied)
			p.fromClip = true
			p.askTitle()
		}
		p.offered = content
	}
	p.update()
	p.begin()
}

// begin leads to where one begins: the link, or the devices where there are several links.
func (p *sendPane) begin() {
	if p.list.links == nil {
		p.w.focus(p.link)
		return
	}
	p.targets.First()
}

func (p *sendPane) escape() {
	if p.list.links != nil || p.link.Text != "" {
		p.setLinks(nil, "")
		p.begin()
	}
}

// setLinks takes links from elsewhere: one goes into the field, several into the list; none clears.
// device, if not empty, is the only device chosen then.
func (p *sendPane) setLinks(links []localapi.Link, device string) {
	typing := p.w.win.Canvas().Focused() == p.link
	p.title = ""
	switch len(links) {
	case 0:
		p.link.Put("")
		p.list.set(nil)
	case 1:
		p.list.set(nil)
		p.link.Put(links[0].URL)
		p.title = i18n.Plain(links[0].Title)
	default:
		p.link.Put("")
		p.list.set(links)
	}
	p.fromClip = false
	if device != "" {
		p.choose(device)
	}
	p.update()
	if typing {
		p.begin()
	}
	p.page.Scroll.ScrollToTop()
}

// askTitle gives the one link there is the title that stands beside it on the clipboard, when it comes: what
// owns the clipboard may take a while, and the link can be sent meanwhile.
func (p *sendPane) askTitle() {
	address, ok := p.untitled()
	if !ok || p.w.p.ClipboardTitle == nil {
		return
	}
	fetch(p.w, func(ctx context.Context) (string, error) {
		return p.w.p.ClipboardTitle(ctx, address)
	}, func(title string, err error) {
		if err != nil {
			p.w.p.Logger.Info("a copied link has no title", "reason", err)
		}
		if now, ok := p.untitled(); ok && now == address {
			p.title = i18n.Plain(title)
			p.updateLinks()
		}
	})
}

// untitled returns the link in the field if it has no title.
func (p *sendPane) untitled() (address string, ok bool) {
	links, _ := p.picked()
	if p.list.links != nil || len(links) != 1 || links[0].Title != "" {
		return "", false
	}
	return links[0].URL, true
}

// maxShown is the longest refused text that is shown, in bytes.
const maxShown = 2000

// refuse shows a text that holds no link in place of the links there were.
func (p *sendPane) refuse(words string) {
	p.setLinks(nil, "")
	if words = strings.TrimSpace(words); len(words) <= maxShown && !strings.ContainsAny(words, "\r\n") {
		p.link.Put(words) // whole: a part of it could be a link
	}
}

// choose makes a device the only one chosen.
func (p *sendPane) choose(device string) {
	p.touched = true
	p.chosen = map[string]bool{device: true}
	p.update()
}

// picked returns the links that would be sent, and why the field holds none.
func (p *sendPane) picked() (links []localapi.Link, why link.Reason) {
	if p.list.links != nil {
		return p.list.picked(), link.Fine
	}
	if p.link.Text == "" {
		return nil, link.Fine
	}
	address, why := link.Typed(p.link.Text)
	if why != link.Fine {
		return nil, why
	}
	return []localapi.Link{{URL: address, Title: p.title}}, link.Fine
}

// aims returns the chosen devices that can still receive.
func (p *sendPane) aims() []localapi.Device {
	var list []localapi.Device
	for _, d := range p.w.model.receivers() {
		if p.chosen[d.ID] {
			list = append(list, d)
		}
	}
	return list
}

// preset chooses the device last sent to, or the only one, while nobody has chosen.
func (p *sendPane) preset() {
	list := p.w.model.receivers()
	if p.touched || len(list) == 0 {
		return
	}
	p.chosen = map[string]bool{}
	if len(list) == 1 || !list[0].LastSentTo.IsZero() {
		p.chosen[list[0].ID] = true
	}
}

func (p *sendPane) update() {
	p.preset()
	p.updateLinks()
	p.updateTargets()
	p.updateSent()
	p.updateBar()
}

func (p *sendPane) updateLinks() {
	p.list.update()
	widget.SetVisible(p.single, p.list.links == nil)
	_, why := p.picked()
	switch {
	case p.title != "":
		p.hint.Stress(p.title)
	case why != link.Fine:
		p.hint.Say(p.w.noLink(why))
	case p.fromClip:
		p.hint.Say(p.w.t("window.send.from_clipboard"))
	default:
		p.hint.Say("")
	}
}

func (p *sendPane) updateTargets() {
	m := &p.w.model
	list := m.receivers()
	view := m.view(m.snap.Devices.ListState, len(list))
	rows := view == listFine || view == listStale && len(list) > 0
	widget.SetVisible(p.targetBox, rows)
	widget.SetVisible(p.stateCard, !rows)
	if !rows {
		p.w.deviceState(p.state, view)
		p.targets.Set(nil)
		return
	}
	p.stale.Say(p.w.staleWords(m.snap.Devices.ListState, view))
	shown := p.shownTargets(list)
	var specs []widget.RowSpec
	if len(list) > 1 && p.find.Text == "" {
		specs = append(specs, p.everyTarget(list))
	}
	for _, d := range shown {
		spec := widget.RowSpec{
			ID: "device " + d.ID, Icon: deviceIcon(d.Type), Title: p.w.name(d, maxName), Strong: true,
			Detail: p.w.seen(d.LastAccess), Chooses: true, Chosen: p.chosen[d.ID],
		}
		if d.PushOff {
			spec.Detail = widget.Dotted(p.w.t("window.device.push_off"), spec.Detail)
		}
		spec.Tap = func() { p.touched = true; p.chosen[d.ID] = !p.chosen[d.ID]; p.update() }
		specs = append(specs, spec)
	}
	p.targets.Set(specs)
}

// everyTarget is the row that chooses every device, or none.
func (p *sendPane) everyTarget(list []localapi.Device) widget.RowSpec {
	all := len(p.aims()) == len(list)
	return widget.RowSpec{ID: "all", Title: p.w.t("window.send.all"), Chooses: true, Chosen: all, Tap: func() {
		p.touched = true
		p.chosen = map[string]bool{}
		for _, d := range list {
			p.chosen[d.ID] = !all
		}
		p.update()
	}}
}

// targetsShown is how many devices are listed before "show all": the last used ones come first, and what is below
// the list stays within reach.
const targetsShown = 12

// shownTargets returns the devices to list: what is searched for, or the first of many; and whatever is chosen,
// so that nothing is sent to a device that nobody sees.
func (p *sendPane) shownTargets(list []localapi.Device) []localapi.Device {
	searching := strings.TrimSpace(p.find.Text) != ""
	widget.SetVisible(p.find, len(list) >= manyDevices || p.find.Text != "")
	widget.SetVisible(p.more, !searching && len(list) > targetsShown)
	p.more.Relabel(p.w.words.N("window.send.show_all", len(list)))
	if p.allTargets {
		p.more.Relabel(p.w.t("window.send.show_fewer"))
	}
	first := matching(list, p.find.Text)
	p.found.Say("")
	if len(first) == 0 {
		p.found.Say(p.w.t("window.inbox.nothing", "Query", i18n.Plain(p.find.Text)))
	}
	if !searching && !p.allTargets {
		first = first[:min(len(first), targetsShown)]
	}
	if len(first) == len(list) {
		return list
	}
	listed := make(map[string]bool, len(first))
	for _, d := range first {
		listed[d.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(d localapi.Device) bool { return !listed[d.ID] && !p.chosen[d.ID] })
}

func (p *sendPane) updateBar() {
	links, why := p.picked()
	aims := p.aims()
	ready := len(links) > 0 && len(aims) > 0 && !p.busy
	p.send.Allow(ready)
	label := p.w.t("window.send.send")
	switch {
	case len(aims) == 1:
		label = p.sendTo(aims[0])
	case len(aims) > 1:
		label = p.w.words.N("window.send.send_many", len(aims))
	}
	p.send.Relabel(label)
	words := ""
	switch {
	case p.busy:
		words = p.w.t("window.send.handing_over")
	case why != link.Fine:
		words = p.w.noLink(why)
	case len(links) == 0:
		words = p.w.t("window.send.need_link")
	case len(aims) == 0 && len(p.w.model.receivers()) > 0:
		words = p.w.t("window.send.need_device")
	case len(links) > 1:
		words = p.w.words.N("window.send.links", len(links))
	}
	p.status.Set(words)
}

// labelWidth is how wide the words on the button may be, in units: in the least window what is said beside it needs room.
const labelWidth = 200

// sendTo names the device on the button by as much of its name as fits; the row above is chosen, and has all of it.
func (p *sendPane) sendTo(d localapi.Device) string {
	label := p.w.t("window.send.send_to", "Device", p.w.name(d, 20))
	for most := 20; most > 1 && widget.BoldWidth(label) > widget.Scaled(labelWidth); most -= 2 {
		label = p.w.t("window.send.send_to", "Device", device.Name(p.w.words, d, nil, p.w.p.Now(), most))
	}
	return label
}

// submit hands the links to the agent, which holds them back for as long as they can be undone.
func (p *sendPane) submit() {
	links, _ := p.picked()
	aims := p.aims()
	if len(links) == 0 || len(aims) == 0 || p.busy {
		p.update()
		return
	}
	request := localapi.SendRequest{Links: links, Private: p.private.On, Hold: true}
	for _, d := range aims {
		request.Devices = append(request.Devices, d.ID)
	}
	p.busy = true
	if p.w.win.Canvas().Focused() == p.send { // it is out of order until the next link
		p.begin()
	}
	p.update()
	typed := p.link.Text
	fetch(p.w, func(ctx context.Context) ([]localapi.OutboxEntry, error) {
		return p.w.p.Agent.Send(ctx, request)
	}, func(entries []localapi.OutboxEntry, err error) {
		p.busy = false
		if p.w.failed(err) {
			p.update()
			return
		}
		p.private.Set(false)
		p.find.Put("")
		if p.link.Text == typed { // else the next one has been begun
			p.setLinks(nil, "")
		}
		p.update()
		p.offered = p.w.p.Clipboard.Content()
		p.w.offerUndo(entries, aims)
	})
}

// deviceState says why there is no device to choose or to show, and what to do about it.
func (w *Window) deviceState(s *widget.State, view listView) {
	switch {
	case w.model.snap.Account.DevicesUnavailable:
		s.Say("device", w.t("window.devices.unavailable"), w.t("window.devices.unavailable_text"), "", nil)
	case view == listLoading:
		s.Say("device", w.t("window.devices.loading"), "", "", nil)
	case view == listError:
		why := i18n.Plain(w.model.snap.Devices.Problem)
		if why == "" {
			why = w.t("window.error.offline")
		}
		s.Say("device", w.t("window.devices.failed"), why, w.t("window.retry"), w.retryServers)
	default:
		s.Say("phone", w.t("window.devices.none"), w.t("window.devices.none_text"), w.t("window.devices.connect"),
			func() { w.show(PanePair) })
	}
}

// staleWords says that a list is the last known one, or older than somebody who looks expects, and of when.
func (w *Window) staleWords(s localapi.ListState, view listView) string {
	old := view == listFine && !s.At.IsZero() && w.p.Now().Sub(s.At) > localapi.FreshFor
	if view != listStale && !old {
		return ""
	}
	if s.At.IsZero() {
		return w.t("window.list.stale")
	}
	return w.t("window.list.stale_since", "When", when(w.words, s.At, w.p.Now()))
}
