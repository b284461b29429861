package window

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// longestName bounds a device's name; the accounts server refuses longer ones.
const longestName = 255

// devicesPane lists the devices of the account and the other programs attached to it.
type devicesPane struct {
	w    *Window
	page *page

	this    *rowList
	rename  *fyne.Container
	newName *field
	thisBox *fyne.Container

	others    *rowList
	otherBox  *fyne.Container
	stale     *text
	stateCard *surface
	state     *state

	clients     *rowList
	clientBox   *fyne.Container
	clientState *text

	renaming bool
}

func newDevicesPane(w *Window) *devicesPane {
	p := &devicesPane{w: w}
	p.this, p.others, p.clients = newRowList(w.escape), newRowList(w.escape), newRowList(w.escape)
	p.newName = w.field(w.t("window.devices.new_name"), w.t("window.devices.new_name"))
	p.newName.OnSubmitted = func(string) { p.saveName() }
	save := w.mainButton(w.t("window.save"), p.saveName)
	cancel := w.button(w.t("window.cancel"), p.escape)
	p.rename = pad(gapSmall, container.NewBorder(nil, nil, nil, hstack(gapSmall, cancel, save), p.newName))
	p.rename.Hide()
	p.thisBox = vstack(gapSmall, newSectionTitle(w.t("window.devices.this")), newListCard(vstack(0, p.this, p.rename)))

	p.stale = newMuted("")
	p.otherBox = vstack(gapSmall, newSectionTitle(w.t("window.devices.others")), p.stale, newListCard(p.others))
	p.state = newState(w)
	p.stateCard = newCard(p.state)

	p.clientState = newMuted("")
	p.clientBox = vstack(gapSmall, newSectionTitle(w.t("window.devices.clients")), p.clientState, newListCard(p.clients))

	links := wrap(
		w.linkButton(w.t("window.devices.manage"), func() { w.openPage(localapi.PageManageDevices) }),
		w.linkButton(w.t("window.devices.connect_another"), func() { w.openPage(localapi.PageConnectAnother) }))
	refresh := w.button(w.t("window.refresh"), func() { w.do(w.p.Agent.Refresh) })
	p.page = newPage(w.t("window.devices.title"), refresh,
		vstack(gapLarge-4, p.thisBox, p.otherBox, p.stateCard, p.clientBox, links), nil)
	return p
}

func (p *devicesPane) object() fyne.CanvasObject { return p.page.object }

func (p *devicesPane) shown() {}

func (p *devicesPane) escape() {
	p.renaming = false
	p.update()
}

func (p *devicesPane) update() {
	m := &p.w.model
	this, others := m.others()
	p.updateThis(this)
	view := m.view(m.snap.Devices.ListState, len(others))
	rows := len(others) > 0 && !m.snap.Account.DevicesUnavailable
	setVisible(p.otherBox, rows)
	setVisible(p.stateCard, !rows)
	if rows {
		p.stale.say(p.w.staleWords(m.snap.Devices.ListState, view), widget.LowImportance)
	} else {
		p.w.deviceState(p.state, view)
	}
	specs := make([]rowSpec, 0, len(others))
	for _, d := range others {
		specs = append(specs, p.row(d))
	}
	p.others.set(specs)
	p.updateClients()
}

func (p *devicesPane) updateThis(this *localapi.Device) {
	w := p.w
	setVisible(p.thisBox, this != nil)
	if this == nil {
		p.this.set(nil)
		return
	}
	spec := rowSpec{
		id: this.ID, icon: deviceIcon(this.Type), iconColor: colorAccent, title: w.name(this.Name), strong: true,
		detail: p.abilities(*this), mark: w.t("window.devices.this_mark"),
		action: rowAction{label: w.t("window.devices.rename"), do: func() {
			p.renaming = true
			p.newName.put(this.Name)
			p.update()
			w.focus(p.newName)
		}},
	}
	if this.PushOff && !w.model.snap.Connection.Push.Connected {
		spec.detail, spec.detailIs = w.t("window.device.push_off_here"), toneWarn
	}
	if p.renaming {
		spec.action = rowAction{}
	}
	p.this.set([]rowSpec{spec})
	setVisible(p.rename, p.renaming)
}

func (p *devicesPane) saveName() {
	name := strings.TrimSpace(p.newName.Text)
	if name == "" || len([]rune(name)) > longestName {
		p.w.toasts.say(toneBad, p.w.t("window.devices.bad_name"))
		return
	}
	p.w.call(func(ctx context.Context) error { return p.w.p.Agent.RenameDevice(ctx, name) }, func(err error) {
		if !p.w.failed(err) {
			p.renaming = false
			p.update()
		}
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

func (p *devicesPane) row(d localapi.Device) rowSpec {
	w := p.w
	name := w.name(d.Name)
	detail := dots(w.seen(d.LastAccess), i18n.Plain(d.Location))
	spec := rowSpec{id: d.ID, icon: deviceIcon(d.Type), title: name, strong: true, more: w.t("window.more")}
	switch {
	case !d.CanReceiveTabs:
		detail = dots(w.t("window.device.receives_not"), detail)
	case d.PushOff:
		detail = dots(w.t("window.device.push_off"), detail)
	}
	spec.detail = detail
	if d.CanReceiveTabs {
		spec.action = rowAction{label: w.t("window.devices.send"), do: func() {
			w.show(PaneSend)
			w.sendPane().choose(d.ID)
		}}
	}
	if d.CanCloseTabs {
		spec.menu = append(spec.menu, menuEntry{label: w.t("window.devices.close_tab"), do: func() { p.askClose(d) }})
	}
	spec.menu = append(spec.menu, menuEntry{label: w.t("window.devices.disconnect"), danger: true, do: func() {
		w.ask(question{
			title: w.t("window.devices.disconnect_title", "Device", i18n.OneLine(name, 30)), text: w.t("window.devices.disconnect_text"),
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
	link := w.field(w.t("window.send.link"), w.t("window.send.link_hint"))
	if links := w.clipboardLinks(); len(links) == 1 {
		link.put(links[0].URL)
	}
	name := w.name(d.Name)
	var asked *asking
	q := question{
		title: w.t("window.devices.close_title", "Device", i18n.OneLine(name, 30)), text: w.t("window.devices.close_text"),
		extra: link, first: link, yes: w.t("window.devices.close_yes"),
		check: func() bool {
			_, ok := typedLink(link.Text)
			if !ok {
				asked.text.say(w.t("window.send.no_link"), widget.DangerImportance)
			}
			return ok
		},
		do: func() {
			address, ok := typedLink(link.Text)
			if !ok {
				return
			}
			request := localapi.SendRequest{Links: []localapi.Link{{URL: address}}, Devices: []string{d.ID}, Close: true, Hold: true}
			var entries []localapi.OutboxEntry
			w.call(func(ctx context.Context) (err error) {
				entries, err = w.p.Agent.Send(ctx, request)
				return err
			}, func(err error) {
				if !w.failed(err) {
					w.offerUndo(entries, []localapi.Device{d})
				}
			})
		},
	}
	asked = w.ask(q)
	link.OnSubmitted = func(string) { asked.accept() }
}

func (p *devicesPane) updateClients() {
	w := p.w
	snap := w.model.snap
	clients := w.model.otherClients()
	specs := make([]rowSpec, 0, len(clients))
	for _, c := range clients {
		name := i18n.Plain(c.Name)
		if name == "" {
			name = w.t("window.devices.unnamed_client")
		}
		specs = append(specs, rowSpec{
			id: c.ID, icon: "globe", title: name, detail: w.seen(c.LastAccess), more: w.t("window.more"),
			menu: []menuEntry{{label: w.t("window.devices.disconnect"), danger: true, do: func() {
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
	p.clients.set(specs)
	words := ""
	switch {
	case !snap.Account.HasSession:
		words = w.t("window.devices.clients_no_session")
	case len(clients) == 0 && !snap.Clients.Known && snap.Clients.Problem == "":
		words = w.t("window.devices.clients_loading")
	case snap.Clients.Problem != "":
		words = i18n.Plain(snap.Clients.Problem)
	}
	p.clientState.say(words, widget.LowImportance)
	setVisible(p.clientBox.Objects[2], len(clients) > 0)
	setVisible(p.clientBox, len(clients) > 0 || words != "")
}
