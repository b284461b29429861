package window

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// longestName bounds a device's name; the accounts server refuses longer ones.
const longestName = 255

// devicesPane lists the devices of the account and the other programs attached to it.
type devicesPane struct {
	w    *Window
	page *widget.Page

	this    *widget.RowList
	rename  *fyne.Container
	newName *widget.Field
	problem *widget.Text // with the new name
	thisBox *fyne.Container

	others    *widget.RowList
	otherBox  *fyne.Container
	stale     *widget.Text
	stateCard *widget.Surface
	state     *widget.State

	clients     *widget.RowList
	clientBox   *fyne.Container
	clientCard  *widget.Surface
	clientState *widget.Text
	clientRetry *fyne.Container

	search *widget.Field

	renaming bool
}

func newDevicesPane(w *Window) *devicesPane {
	p := &devicesPane{w: w}
	p.this, p.others, p.clients = widget.NewRowList(w.escape), widget.NewRowList(w.escape), widget.NewRowList(w.escape)
	p.newName = w.field(w.t("window.devices.new_name"), w.t("window.devices.new_name"))
	p.problem = widget.NewProblem()
	p.newName.OnChanged = func(string) { p.problem.Say("") }
	p.newName.OnSubmitted = func(string) { p.saveName() }
	save := w.mainButton(w.t("window.save"), p.saveName)
	cancel := w.button(w.t("window.cancel"), p.escape)
	p.rename = widget.Pad(widget.GapSmall, widget.VStack(widget.GapTiny, widget.Beside(p.newName, widget.HStack(widget.GapSmall, cancel, save)), p.problem))
	p.rename.Hide()
	p.thisBox = widget.VStack(widget.GapSmall, widget.SectionTitle(w.t("window.devices.this")), widget.NewListCard(widget.VStack(0, p.this, p.rename)))

	p.stale = widget.NewMuted("")
	p.otherBox = widget.VStack(widget.GapSmall, widget.SectionTitle(w.t("window.devices.others")), p.stale, widget.NewListCard(p.others))
	p.state = widget.NewState(w.escape)
	p.stateCard = widget.NewCard(p.state)

	p.clientState, p.clientCard = widget.NewMuted(""), widget.NewListCard(p.clients)
	p.clientRetry = widget.Wrap(w.button(w.t("window.retry"), w.retryServers))
	p.clientBox = widget.VStack(widget.GapSmall, widget.SectionTitle(w.t("window.devices.clients")), p.clientState, p.clientRetry, p.clientCard)

	links := widget.Wrap(
		w.linkButton(w.t("window.devices.manage"), func() { w.openPage(localapi.PageManageDevices) }),
		w.linkButton(w.t("window.devices.connect_another"), func() { w.openPage(localapi.PageConnectAnother) }))
	refresh := w.button(w.t("window.refresh"), func() { w.do(w.p.Agent.Refresh) })
	p.search = w.field(w.t("window.inbox.search"), w.t("window.inbox.search"))
	p.search.OnChanged = func(string) { p.update() }
	p.search.OnDown = func() { p.others.First() }
	p.page = widget.NewPage(w.t("window.devices.title"), refresh, // a search beside it would leave a long title no room
		widget.VStack(widget.GapLarge-4, p.search, p.thisBox, p.otherBox, p.stateCard, p.clientBox, links), nil)
	return p
}

func (p *devicesPane) object() fyne.CanvasObject { return p.page.Object }

func (p *devicesPane) shown() {}

func (p *devicesPane) escape() {
	p.search.Put("")
	p.endRenaming()
}

// endRenaming leads back to the row whose name was asked for.
func (p *devicesPane) endRenaming() {
	if !p.renaming {
		return
	}
	p.renaming = false
	p.problem.Say("")
	p.update()
	p.this.First()
}

// manyDevices is from how many other devices on they can be searched.
const manyDevices = 8

// searchWidth is how wide a search beside a heading is, in units.
const searchWidth = 190

func (p *devicesPane) update() {
	m := &p.w.model
	this, others := m.others()
	p.updateThis(this)
	view := m.view(m.snap.Devices.ListState, len(others))
	known := len(others) > 0 && !m.snap.Account.DevicesUnavailable
	widget.SetVisible(p.search, known && len(others) >= manyDevices || p.search.Text != "")
	found := matching(others, p.search.Text)
	rows := known && len(found) > 0
	widget.SetVisible(p.otherBox, rows)
	widget.SetVisible(p.stateCard, !rows)
	switch {
	case rows:
		p.stale.Say(p.w.staleWords(m.snap.Devices.ListState, view))
	case known:
		p.state.Say("device", p.w.t("window.inbox.nothing", "Query", i18n.Plain(p.search.Text)), "", p.w.t("window.inbox.clear_search"),
			func() { p.search.Put("") })
	default:
		p.w.deviceState(p.state, view)
	}
	specs := make([]widget.RowSpec, 0, len(found))
	for _, d := range found {
		specs = append(specs, p.row(d))
	}
	p.others.Set(specs)
	p.updateClients()
}

func (p *devicesPane) updateThis(this *localapi.Device) {
	w := p.w
	widget.SetVisible(p.thisBox, this != nil)
	if this == nil {
		p.this.Set(nil)
		return
	}
	spec := widget.RowSpec{
		ID: this.ID, Icon: deviceIcon(this.Type), IconColor: widget.ColorAccent, Title: w.name(*this, maxName), Strong: true,
		Detail: p.abilities(*this),
		Action: widget.Action{Label: w.t("window.devices.rename"), Do: func() {
			p.renaming = true
			p.newName.Put(this.Name)
			p.update()
			w.focus(p.newName)
		}},
	}
	if push := w.model.snap.Connection.Push; this.PushOff && (!push.Connected || push.Expired) {
		spec.Detail, spec.DetailTone = w.t("window.device.push_off_here"), widget.ToneWarn
	}
	if p.renaming {
		spec.Action = widget.Action{}
	}
	p.this.Set([]widget.RowSpec{spec})
	widget.SetVisible(p.rename, p.renaming)
}

func (p *devicesPane) saveName() {
	name := strings.TrimSpace(p.newName.Text)
	if name == "" || len([]rune(name)) > longestName {
		p.problem.Fail(p.w.t("window.devices.bad_name"))
		return
	}
	p.w.call(func(ctx context.Context) error { return p.w.p.Agent.RenameDevice(ctx, name) }, func(err error) {
		if err != nil {
			p.problem.Fail(p.w.sentence(err))
			return
		}
		p.endRenaming()
	})
}

// abilities says what a device can do.
func (p *devicesPane) abilities(d localapi.Device) string {
	switch {
	case d.CanReceiveTabs && d.CanCloseTabs:
		return p.w.t("window.device.receives_and_closes")
	case d.CanReceiveTabs:
		return p.w.t("window.device.receives")
	}
	return p.w.t("window.device.receives_not")
}

func (p *devicesPane) row(d localapi.Device) widget.RowSpec {
	w := p.w
	name := w.name(d, maxName)
	detail := widget.Dotted(w.seen(d.LastAccess), i18n.Plain(d.Location))
	spec := widget.RowSpec{ID: d.ID, Icon: deviceIcon(d.Type), Title: name, Strong: true, More: w.t("window.more")}
	switch {
	case !d.CanReceiveTabs:
		detail = widget.Dotted(w.t("window.device.receives_not"), detail)
	case d.PushOff:
		detail = widget.Dotted(w.t("window.device.push_off"), detail)
	}
	spec.Detail = detail
	if d.CanReceiveTabs {
		spec.Action = widget.Action{Label: w.t("window.devices.send"), Do: func() {
			w.show(PaneSend)
			w.sendPane().choose(d.ID)
		}}
	}
	if d.CanCloseTabs {
		spec.Menu = append(spec.Menu, widget.MenuEntry{Label: w.t("window.devices.close_tab"), Do: func() { p.askClose(d) }})
	}
	spec.Menu = append(spec.Menu, widget.MenuEntry{Label: w.t("window.devices.disconnect"), Do: func() {
		w.ask(question{
			title: w.t("window.devices.disconnect_title", "Device", w.name(d, 30)), text: w.t("window.devices.disconnect_text"),
			yes: w.t("window.devices.disconnect_yes"), danger: true,
			do: func() {
				w.do(func(ctx context.Context) error { return w.p.Agent.DisconnectDevice(ctx, d.ID) })
			},
		})
	}})
	return spec
}

// askClose asks for the link whose tab is to be closed on a device.
func (p *devicesPane) askClose(d localapi.Device) {
	w := p.w
	field := w.field(w.t("window.send.link"), w.t("window.send.link_hint"))
	if links := w.clipboardLinks(); len(links) == 1 {
		field.Put(links[0].URL)
	}
	var asked *asking
	q := question{
		title: w.t("window.devices.close_title", "Device", w.name(d, 30)), text: w.t("window.devices.close_text"),
		extra: field, first: field, yes: w.t("window.devices.close_yes"),
		check: func() bool {
			_, why := link.Typed(field.Text)
			if why != link.Fine {
				asked.text.Fail(w.noLink(why))
			}
			return why == link.Fine
		},
		do: func() {
			address, why := link.Typed(field.Text)
			if why != link.Fine {
				return
			}
			request := localapi.SendRequest{Links: []localapi.Link{{URL: address}}, Devices: []string{d.ID}, Close: true, Hold: true}
			fetch(w, func(ctx context.Context) ([]localapi.OutboxEntry, error) {
				return w.p.Agent.Send(ctx, request)
			}, func(entries []localapi.OutboxEntry, err error) {
				if !w.failed(err) {
					w.offerUndo(entries, []localapi.Device{d})
				}
			})
		},
	}
	asked = w.ask(q)
	field.OnSubmitted = func(string) { asked.accept() }
}

func (p *devicesPane) updateClients() {
	w := p.w
	snap := w.model.snap
	clients := w.model.otherClients()
	specs := make([]widget.RowSpec, 0, len(clients))
	for _, c := range clients {
		name := i18n.Plain(c.Name)
		if name == "" {
			name = w.t("window.devices.unnamed_client")
		}
		specs = append(specs, widget.RowSpec{
			ID: c.ID, Icon: "globe", Title: name, Detail: w.seen(c.LastAccess), More: w.t("window.more"),
			Menu: []widget.MenuEntry{{Label: w.t("window.devices.disconnect"), Do: func() {
				w.ask(question{
					title: w.t("window.devices.disconnect_title", "Device", i18n.OneLine(name, 30)), text: w.t("window.devices.disconnect_client_text"),
					yes: w.t("window.devices.disconnect_yes"), danger: true,
					do: func() {
						w.do(func(ctx context.Context) error { return w.p.Agent.DisconnectClient(ctx, c.ID) })
					},
				})
			}}},
		})
	}
	p.clients.Set(specs)
	words, retry := "", false
	switch view := w.model.view(snap.Clients.ListState, len(clients)); {
	case !snap.Account.HasSession:
		words = w.t("window.devices.clients_no_session")
	case view == listLoading:
		words = w.t("window.devices.clients_loading")
	case view == listError && snap.Clients.Problem == "":
		words, retry = w.t("window.error.offline"), true
	case snap.Clients.Problem != "":
		words, retry = widget.Dotted(i18n.Plain(snap.Clients.Problem), w.staleWords(snap.Clients.ListState, view)), true
	default:
		words = w.staleWords(snap.Clients.ListState, view)
	}
	p.clientState.Say(words)
	widget.SetVisible(p.clientRetry, retry)
	widget.SetVisible(p.clientCard, len(clients) > 0)
	widget.SetVisible(p.clientBox, len(clients) > 0 || words != "")
}

// deviceIcon returns the name of the icon for a type of device.
func deviceIcon(kind string) string {
	switch kind {
	case "desktop":
		return "laptop"
	case "mobile":
		return "phone"
	case "tablet":
		return "tablet"
	case "tv":
		return "tv"
	case "vr":
		return "headset"
	}
	return "device"
}
