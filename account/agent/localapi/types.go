package localapi

import (
	"cmp"
	"time"
)

// Snapshot is everything a face shows, as the agent last knew it. Faces keep the newest one and
// nothing else; what a person does goes out as a call and comes back as the next Snapshot.
type Snapshot struct {
	// Revision rises by at least one with every change while one agent lives.
	Revision uint64 `json:"revision"`
	// Version is the agent's version, for example "0.1.0".
	Version string `json:"version"`
	// PID is the agent's process id.
	PID int `json:"pid"`
	// Demo says that the agent runs on the in-process demo service.
	Demo bool `json:"demo"`

	Account    Account    `json:"account"`
	Connection Connection `json:"connection"`
	Storage    Storage    `json:"storage"`
	Devices    DeviceList `json:"devices"`
	Clients    ClientList `json:"clients"`
	Inbox      Inbox      `json:"inbox"`
	Outbox     Outbox     `json:"outbox"`
	Settings   Settings   `json:"settings"`
	// Callers are the extensions that called, the first one first.
	Callers []Caller `json:"callers,omitempty"`
	// SignIn is the sign-in under way in a browser, nil when there is none.
	SignIn *SignIn `json:"signIn,omitempty"`
	// Pairing is the pairing under way, nil when there is none.
	Pairing *Pairing `json:"pairing,omitempty"`
	// QuietUntil is when notifications come back; zero when they are not silenced.
	QuietUntil time.Time `json:"quietUntil,omitzero"`
}

// Desktop is where a program shows things: what its environment says of it. Members are empty for what it
// does not say.
type Desktop struct {
	// Display is the X display, Authority the file that opens it.
	Display   string `json:"display,omitempty"`
	Authority string `json:"authority,omitempty"`
	// Wayland is the path of the compositor's socket.
	Wayland string `json:"wayland,omitempty"`
	// Bus is the session bus's address.
	Bus string `json:"bus,omitempty"`
}

// AccountState is the sign-in state in one word.
type AccountState string

// The sign-in states.
const (
	SignedOut   AccountState = "signed_out"
	SigningIn   AccountState = "signing_in"
	SignedIn    AccountState = "signed_in"
	NeedsSignIn AccountState = "needs_sign_in" // the server ended this sign-in; data is kept
)

// Account describes who is signed in.
type Account struct {
	State AccountState `json:"state"`
	// Email, Name and UID come from the profile; empty until it was fetched.
	UID   string `json:"uid,omitempty"`
	Email string `json:"email,omitempty"`
	Name  string `json:"name,omitempty"`
	// HasAvatar says that Client.Avatar has a picture that is not the server's default one.
	HasAvatar bool `json:"hasAvatar"`
	// Server is the origin of the accounts server, for example "https://accounts.firefox.com".
	Server string `json:"server"`
	// DeviceID is this installation's device record, empty while it has none.
	DeviceID string `json:"deviceId,omitempty"`
	// Cause tells in plain words why State is NeedsSignIn, or why the last sign-in failed.
	Cause     string `json:"cause,omitempty"`
	CauseSaid Said   `json:"causeSaid,omitzero"`
	// DevicesUnavailable says that this server does not offer device features to this application;
	// the account itself is fine.
	DevicesUnavailable bool `json:"devicesUnavailable"`
	// HasSession says that a session token is held, which pairing a phone and the list of other
	// clients need.
	HasSession bool `json:"hasSession"`
	// MetricsEnabled is the account's own choice about usage data; nil when the server does not say.
	MetricsEnabled *bool `json:"metricsEnabled,omitempty"`
}

// Unexplained reports whether the server ended the sign-in and it is being asked whether the account still
// exists: until then nobody should be told to sign in again. Cause says so.
func (a Account) Unexplained() bool {
	return a.State == NeedsSignIn && a.CauseSaid.Key == "signin.asking"
}

// Connection is what the agent knows about its way to the servers.
type Connection struct {
	// Online is false after a transport failure until the next success, and before the first call has ended.
	Online bool `json:"online"`
	// Since is when Online last changed; zero before the first call has ended.
	Since time.Time `json:"since,omitzero"`
	// LastContact is the last answer from the accounts server.
	LastContact time.Time `json:"lastContact,omitzero"`
	// BackoffUntil is when the server lets us ask again; zero when it did not tell us to wait.
	BackoffUntil time.Time `json:"backoffUntil,omitzero"`
	// Problem is one sentence about what is wrong, empty when all is fine.
	Problem     string `json:"problem,omitempty"`
	ProblemSaid Said   `json:"problemSaid,omitzero"`
	Push        Push   `json:"push"`
}

// Lost reports whether the accounts server cannot be reached. Until the first call has ended nobody knows.
func (c Connection) Lost() bool { return !c.Online && !c.Since.IsZero() }

// Push is the health of the push connection.
type Push struct {
	Connected bool `json:"connected"`
	// ConnectedSince is zero while there is no connection, NextRetry while there is one.
	ConnectedSince time.Time `json:"connectedSince,omitzero"`
	// LastMessage is when a push message last came over this connection, LastPong when the push service last
	// answered a ping over it. Both are zero before the first. A pong alone is no update for watchers:
	// Client.Snapshot has the newest.
	LastMessage time.Time `json:"lastMessage,omitzero"`
	LastPong    time.Time `json:"lastPong,omitzero"`
	NextRetry   time.Time `json:"nextRetry,omitzero"`
	// Expired says that the accounts server has given up alerting us, whatever Connected says: tabs come late
	// until the push service has given us a new address and the server has it.
	Expired bool `json:"expired,omitempty"`
}

// Protection says how data at rest is sealed.
type Protection string

// The ways of keeping the sealing key.
const (
	ProtectedByKeyring    Protection = "keyring"
	ProtectedByPassphrase Protection = "passphrase"
	MemoryOnly            Protection = "memory" // nothing is kept after Quit
	Undecided             Protection = "undecided"
	// ByNewKeyring is for Client.Protect alone: ProtectedByKeyring, after a keyring has been made; see
	// Storage.NoKeyringYet.
	ByNewKeyring Protection = "new-keyring"
)

// Resulting is the protection that a store has when it was asked for this one.
func (p Protection) Resulting() Protection {
	if p == ByNewKeyring {
		return ProtectedByKeyring
	}
	return p
}

// Storage is the state of the sealed store.
type Storage struct {
	Protection Protection `json:"protection"`
	// Locked says that the store exists but its key is not here yet; see Client.Unlock.
	Locked bool `json:"locked"`
	// Kept says that what there is lies in the sealed file. Otherwise it is in memory and ends with the
	// agent: because nothing was worth keeping yet, or because nobody has chosen how.
	Kept bool `json:"kept,omitempty"`
	// Damaged counts what could not be read any more and was put aside: Client.ForgetDamaged.
	Damaged int `json:"damaged,omitempty"`
	// Earlier is what those have here who were signed in before: Client.ForgetEarlier.
	Earlier Earlier `json:"earlier,omitzero"`
	// BeginAnew says that the file cannot be used any more: Client.Protect begins with a new one, and
	// keeps it.
	BeginAnew bool `json:"beginAnew,omitempty"`
	// NoKeyringYet says that this desktop could keep the key, but has no keyring to keep it in: Client.Protect
	// with ByNewKeyring makes one.
	NoKeyringYet bool `json:"noKeyringYet,omitempty"`
	// WaitingForKeyring says that the keyring has not answered for more than 300 ms.
	WaitingForKeyring bool `json:"waitingForKeyring"`
	// Problem is one sentence about what is wrong, empty when all is fine.
	Problem     string `json:"problem,omitempty"`
	ProblemSaid Said   `json:"problemSaid,omitzero"`
}

// Earlier counts what those left here who were signed in before and are not now. It stays sealed for their
// return, 30 days at most, and is shown to nobody else.
type Earlier struct {
	People  int `json:"people"`
	Entries int `json:"entries"` // received and sent
	// Since is when the first of them left.
	Since time.Time `json:"since,omitzero"`
}

// ListState says how fresh a list is. Known false means: still loading for the first time.
type ListState struct {
	Known bool `json:"known"`
	// At is when the list was last fetched.
	At time.Time `json:"at,omitzero"`
	// Problem is one sentence about why it could not be refreshed, empty when it could.
	Problem     string `json:"problem,omitempty"`
	ProblemSaid Said   `json:"problemSaid,omitzero"`
}

// DeviceList is all devices of the account, those we sent to last first, then by last access.
type DeviceList struct {
	ListState
	Items []Device `json:"items"`
}

// Device is one device of the account.
type Device struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Type is desktop, mobile, tablet, vr, tv, or empty when unknown.
	Type string `json:"type,omitempty"`
	This bool   `json:"this"`
	// CanReceiveTabs and CanCloseTabs are what the device says it can do.
	CanReceiveTabs bool `json:"canReceiveTabs"`
	CanCloseTabs   bool `json:"canCloseTabs"`
	// PushOff says that the device cannot be alerted: it sees tabs when next opened.
	PushOff bool `json:"pushOff"`
	// LastAccess is the server's word; zero when unknown.
	LastAccess time.Time `json:"lastAccess,omitzero"`
	// LastSentTo is when a person here last sent something to it; zero when never.
	LastSentTo time.Time `json:"lastSentTo,omitzero"`
	// Location is "City, Country" as the server gives it, often empty.
	Location string `json:"location,omitempty"`
}

// ClientList is the other programs attached to the account.
type ClientList struct {
	ListState
	Items []AttachedClient `json:"items"`
}

// AttachedClient is a session or application attached to the account that is no device.
type AttachedClient struct {
	// ID names the entry in Client.DisconnectClient; opaque.
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	This       bool      `json:"this"`
	LastAccess time.Time `json:"lastAccess,omitzero"`
	Created    time.Time `json:"created,omitzero"`
}

// Inbox counts what was received and holds the newest entries.
type Inbox struct {
	Total  int `json:"total"`
	Unread int `json:"unread"`
	// Recent holds the newest entries, newest first, at most RecentEntries.
	Recent []InboxEntry `json:"recent"`
}

// RecentEntries is how many inbox and outbox entries a Snapshot carries; Client.Inbox pages the rest.
const RecentEntries = 50

// InboxKind tells what a device asked for.
type InboxKind string

// The kinds of inbox entries.
const (
	KindTab        InboxKind = "tab"        // a tab was sent to us
	KindClose      InboxKind = "close"      // another device asks to close tabs
	KindUnreadable InboxKind = "unreadable" // arrived, but could not be decrypted
)

// InboxEntry is one thing received.
type InboxEntry struct {
	ID   string    `json:"id"`
	Kind InboxKind `json:"kind"`
	// From is the sender's name when it arrived, FromID its device id; both may be empty.
	From   string `json:"from,omitempty"`
	FromID string `json:"fromId,omitempty"`
	Title  string `json:"title,omitempty"`
	// URL is the link of a KindTab entry, exactly as it was sent.
	URL string `json:"url,omitempty"`
	// Host is URL's host ready to be shown: confusable names in punycode, no control characters.
	Host string `json:"host,omitempty"`
	// CanOpen says that URL is http or https with a host; anything else can be copied only.
	CanOpen bool `json:"canOpen"`
	// URLs are the links of a KindClose entry.
	URLs    []string  `json:"urls,omitempty"`
	Private bool      `json:"private,omitempty"`
	At      time.Time `json:"at"`
	Read    bool      `json:"read"`
	// Reason tells why a KindUnreadable entry could not be read.
	Reason     string `json:"reason,omitempty"`
	ReasonSaid Said   `json:"reasonSaid,omitzero"`
}

// Outbox counts what was sent and holds the newest entries.
type Outbox struct {
	// Waiting counts entries not yet accepted by the server.
	Waiting int `json:"waiting"`
	// Recent holds the newest entries, newest first, at most RecentEntries.
	Recent []OutboxEntry `json:"recent"`
}

// SendState is how far a sent tab has come. It never claims more than the server said.
type SendState string

// The states of a sent tab.
const (
	SendWaiting  SendState = "waiting"  // not yet accepted; Reason says why
	SendAccepted SendState = "accepted" // the server holds it; whether the device was alerted is unknown
	SendAlerted  SendState = "alerted"  // accepted, and the device's push service took the alert
	SendPushOff  SendState = "push_off" // accepted, but the device cannot be alerted: it sees it when next opened
	SendFailed   SendState = "failed"   // not accepted; Reason says why, NextTry whether we go on trying
)

// OutboxEntry is one tab sent, or one request to close tabs, for one device.
type OutboxEntry struct {
	ID         string    `json:"id"`
	To         string    `json:"to"`
	ToID       string    `json:"toId"`
	Title      string    `json:"title,omitempty"`
	URL        string    `json:"url"`
	Host       string    `json:"host,omitempty"`
	Close      bool      `json:"close,omitempty"` // asks to close the tab instead of opening it
	State      SendState `json:"state"`
	Reason     string    `json:"reason,omitempty"`
	ReasonSaid Said      `json:"reasonSaid,omitzero"`
	At         time.Time `json:"at"`
	// HeldUntil is when a held entry leaves; until then Client.Undo takes it back. Zero when not held.
	HeldUntil time.Time `json:"heldUntil,omitzero"`
	// NextTry is when a waiting or failed entry is tried again; zero when not on a timer.
	NextTry time.Time `json:"nextTry,omitzero"`
	// MayBeTwice says that an answer was lost or unclear and the send repeated, or that its end is not
	// stored yet, so that a crash would repeat it.
	MayBeTwice bool `json:"mayBeTwice,omitempty"`
}

// SignInForm is what a view that offers the sign-in has.
type SignInForm string

// The views.
const (
	FormEmail  SignInForm = "email"  // a field for the e-mail address
	FormButton SignInForm = "button" // no field
)

// SignIn is a browser sign-in under way.
type SignIn struct {
	// URL is the page to open. It holds no secret that outlives the sign-in.
	URL string `json:"url"`
	// Loopback says that the browser's last step reaches the agent by itself; otherwise the
	// final address must be handed to Client.CompleteSignIn.
	Loopback bool `json:"loopback"`
	// RedirectPrefix is how the final address begins; only such text may be taken from the clipboard.
	RedirectPrefix string    `json:"redirectPrefix"`
	Started        time.Time `json:"started"`
}

// PairingState is a step of pairing by QR code.
type PairingState string

// The steps of pairing; the first row is showing a code, the second reading one.
const (
	PairOpening  PairingState = "opening"  // reaching the pairing service
	PairShowing  PairingState = "showing"  // the code can be scanned: Client.PairingCode
	PairAsked    PairingState = "asked"    // somebody scanned it; confirm or decline
	PairGranting PairingState = "granting" // both confirmed, the server is asked

	PairJoining    PairingState = "joining"    // reaching the other device
	PairConfirming PairingState = "confirming" // the account is known; confirm or cancel
	PairWaiting    PairingState = "waiting"    // we confirmed; the other side has not yet
	PairRedeeming  PairingState = "redeeming"  // signing in

	PairDone      PairingState = "done"
	PairCancelled PairingState = "cancelled"
	PairFailed    PairingState = "failed"
	PairTimedOut  PairingState = "timed_out"
)

// Ended reports whether nothing is under way any more.
func (s PairingState) Ended() bool {
	switch s {
	case PairDone, PairCancelled, PairFailed, PairTimedOut:
		return true
	default:
		return false
	}
}

// Pairing is a pairing under way or just ended. The code itself is not part of it: Client.PairingCode.
type Pairing struct {
	// Authority is true when this computer shows the code, false when it reads one.
	Authority bool         `json:"authority"`
	State     PairingState `json:"state"`
	// Until is when the shown code or the whole attempt ends.
	Until time.Time `json:"until,omitzero"`
	// RenewalsLeft counts how often the code will renew itself while nobody has joined.
	RenewalsLeft int `json:"renewalsLeft"`
	// Scanned says that a device has read the code that is shown: it is used up, though its address is still told.
	Scanned bool `json:"scanned,omitempty"`
	// Silent says that the other device has not answered for most of a minute what a person here has confirmed:
	// it may have gone. Problem says so.
	Silent bool `json:"silent,omitempty"`
	// Peer is the other side, known from PairAsked or PairConfirming on.
	Peer *PairingPeer `json:"peer,omitempty"`
	// ConfirmedHere and ConfirmedThere tell who has said yes.
	ConfirmedHere  bool `json:"confirmedHere"`
	ConfirmedThere bool `json:"confirmedThere"`
	// NeedsTOTP says that Client.ConfirmPairing wants a fresh two-step code.
	NeedsTOTP bool `json:"needsTotp"`
	// Problem is one sentence, set when State is PairFailed, a confirmation was refused, or the other side is Silent.
	Problem     string `json:"problem,omitempty"`
	ProblemSaid Said   `json:"problemSaid,omitzero"`
}

// PairingPeer is what is known of the other side, for a person to judge.
type PairingPeer struct {
	// Application is the name of a known client, or its id; Known tells which.
	Application string `json:"application,omitempty"`
	Known       bool   `json:"known"`
	DeviceName  string `json:"deviceName,omitempty"`
	System      string `json:"system,omitempty"` // for example "Firefox on Android"
	Place       string `json:"place,omitempty"`  // for example "Berlin, Germany"
	Address     string `json:"address,omitempty"`
	Email       string `json:"email,omitempty"` // the account that will be signed in
}

// OpenPolicy says what happens to received tabs.
type OpenPolicy string

// The policies for received tabs.
const (
	OpenNever OpenPolicy = "never" // list and notify only
	OpenAsk   OpenPolicy = "ask"   // and the notification stays until it is answered
	OpenFrom  OpenPolicy = "from"  // open by itself what comes from Settings.OpenFrom
)

// OpenPolicies are all of them.
func OpenPolicies() []OpenPolicy { return []OpenPolicy{OpenNever, OpenAsk, OpenFrom} }

// Settings are the choices of this installation.
type Settings struct {
	StartAtLogin  bool       `json:"startAtLogin"`
	Open          OpenPolicy `json:"open"`
	OpenFrom      []string   `json:"openFrom,omitempty"` // device ids
	Notifications bool       `json:"notifications"`
	Grouped       bool       `json:"grouped"`
	// Browser is the command that opens links; empty is the system's default.
	Browser string `json:"browser,omitempty"`
	// Language is a BCP 47 tag, empty follows the system. Appearance is one of [Appearances].
	Language   string `json:"language,omitempty"`
	Appearance string `json:"appearance,omitempty"`
	// Server, ClientID, RedirectURI, PushServer and PairingServer are empty for the built-in ones.
	// Changing one of the first three while signed in is refused.
	Server        string `json:"server,omitempty"`
	ClientID      string `json:"clientId,omitempty"`
	RedirectURI   string `json:"redirectUri,omitempty"`
	PushServer    string `json:"pushServer,omitempty"`
	PairingServer string `json:"pairingServer,omitempty"`
	// EventsServer is the base address of whoever receives the accounts server's events for the client
	// (`tabferry events serve`), empty for none.
	EventsServer string `json:"eventsServer,omitempty"`
	// UsageData is the person's yes to usage data, which counts together with Account.MetricsEnabled:
	// then tabs that are sent carry two random numbers for Mozilla's statistics, and the accounts server
	// hears that the sign-in was shown. Signing out takes it back.
	UsageData bool `json:"usageData"`
	// MetricsOrigin is the web origin that is registered for the OAuth client; without one the accounts
	// server is told nothing. Entrypoint, UTMSource and UTMCampaign, agreed with Mozilla, are what it is
	// told; empty for the built-in ones.
	MetricsOrigin string `json:"metricsOrigin,omitempty"`
	Entrypoint    string `json:"entrypoint,omitempty"`
	UTMSource     string `json:"utmSource,omitempty"`
	UTMCampaign   string `json:"utmCampaign,omitempty"`
	// InboxEntries is how many received entries are kept, with up to a hundredth more, InboxDays for how many days those that were
	// read. Zero is DefaultInboxEntries and DefaultInboxDays.
	InboxEntries int `json:"inboxEntries,omitempty"`
	InboxDays    int `json:"inboxDays,omitempty"`
}

// DefaultSettings apply until a person chooses otherwise.
func DefaultSettings() Settings {
	return Settings{Open: OpenNever, Notifications: true, Grouped: true}
}

// UsesAccount reports whether anything is chosen that Tabferry does with the account by itself: to be there
// from the login on, to tell what comes, or to open it. With none of it a sign-in only keeps tokens alive.
func (s Settings) UsesAccount() bool {
	return s.StartAtLogin || s.Notifications || s.Open == OpenFrom
}

// The bounds of the inbox where nothing else was chosen.
const (
	DefaultInboxEntries = 10_000
	DefaultInboxDays    = 90
)

// InboxBounds returns the bounds of the inbox that apply.
func (s Settings) InboxBounds() (entries, days int) {
	return cmp.Or(s.InboxEntries, DefaultInboxEntries), cmp.Or(s.InboxDays, DefaultInboxDays)
}

// Update is one message of Client.Watch: the newest Snapshot and what happened since the last
// message. Snapshots may be skipped when a face is slow; Events are not, but for the oldest of more than ten thousand.
type Update struct {
	Snapshot Snapshot `json:"snapshot"`
	Events   []Event  `json:"events,omitempty"`
}

// EventKind is what happened.
type EventKind string

// The kinds of events.
const (
	TabsReceived       EventKind = "tabs_received"
	CloseRequested     EventKind = "close_requested"
	DeviceConnected    EventKind = "device_connected"
	SignedOutElsewhere EventKind = "signed_out_elsewhere" // this device was disconnected from another one
	SignInAgain        EventKind = "sign_in_again"
	SendQueued         EventKind = "send_queued"   // an outbox entry whose face wants it told (SendRequest.Tell)
	SendGivenUp        EventKind = "send_given_up" // an outbox entry failed for good
	AccountDeleted     EventKind = "account_deleted"
	ShowWindow         EventKind = "show_window" // an open window comes to the front
	CallerAsks         EventKind = "caller_asks" // an extension waits for the person's answer
	Quitting           EventKind = "quitting"    // the agent ends; faces end too
)

// Event is something that happened, for notifications and for windows to react to.
type Event struct {
	Kind EventKind `json:"kind"`
	At   time.Time `json:"at"`
	// Entries are the inbox entries of TabsReceived and CloseRequested.
	Entries []InboxEntry `json:"entries,omitempty"`
	// Device is the name of the device of DeviceConnected.
	Device string `json:"device,omitempty"`
	// Caller is the extension of CallerAsks.
	Caller *Caller `json:"caller,omitempty"`
	// Send is the entry of SendQueued and SendGivenUp.
	Send *OutboxEntry `json:"send,omitempty"`
	// Pane is the pane that ShowWindow asks for; empty leaves the choice to the window.
	Pane string `json:"pane,omitempty"`
}

// AccountEvent is something that the accounts server told the owner of the OAuth client about this account.
type AccountEvent struct {
	// Event is its name, for example "profile-change".
	Event string `json:"event"`
	// At is when the accounts server told it.
	At time.Time `json:"at"`
}

// Link is one link to send.
type Link struct {
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
}

// SendRequest asks to send every link to every device.
type SendRequest struct {
	Links   []Link   `json:"links"`
	Devices []string `json:"devices,omitempty"` // device ids
	// To chooses the devices in place of Devices.
	To      *Choice `json:"to,omitempty"`
	Private bool    `json:"private,omitempty"`
	// Hold keeps the entries back for HoldTime so that they can be undone (the way of the window and of the tray).
	Hold bool `json:"hold,omitempty"`
	// Tell has notifications say what becomes of it, for a face that shows nothing itself (the tray's way).
	Tell bool `json:"tell,omitempty"`
	// Close asks the devices to close tabs showing the links instead of opening them.
	Close bool `json:"close,omitempty"`
	// Caller is the id of the extension that sends, empty for any other face.
	Caller string `json:"caller,omitempty"`
	// WaitMillis is how long the answer waits for the server to accept, in milliseconds, at most 20,000.
	WaitMillis int `json:"waitMillis,omitempty"`
	// Start is the program that sends, for one that makes this call only.
	Start *Start `json:"start,omitempty"`
}

// HoldTime is how long a held send can be undone.
const HoldTime = 5 * time.Second

// InboxQuery selects inbox entries, newest first.
type InboxQuery struct {
	// Text matches sender, title and URL without regard to case; empty matches all.
	Text string
	// Before is the id of the last entry of the previous page; empty begins with the newest.
	Before string
	// Limit is at most MaxInboxPage; zero means DefaultInboxPage.
	Limit int
	// Unread leaves out what was read.
	Unread bool
}

// Page names a web page of the accounts server for Client.PageURL.
type Page string

// The pages.
const (
	PageManageAccount  Page = "manage_account"
	PageManageDevices  Page = "manage_devices"
	PagePairPhone      Page = "pair_phone"      // the service's own pairing page
	PageConnectAnother Page = "connect_another" // "connect another device"
	PageDeleteAccount  Page = "delete_account"
)

// Appearances are what the window can look like; empty is as the system has it.
func Appearances() []string { return []string{"", "light", "dark", "contrast-light", "contrast-dark"} }
