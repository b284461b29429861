package window

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// maxLinkFile bounds what is read from a dropped file, in bytes: a browser's bookmark export with the
// icons of the pages has tens of megabytes. Pictures are bounded by who reads them.
const maxLinkFile = 128 << 20

// findLinks returns the web links in a text, as they are sent.
func findLinks(text string) []localapi.Link {
	var links []localapi.Link
	for _, address := range link.Find(text, math.MaxInt) {
		links = append(links, localapi.Link{URL: address})
	}
	return links
}

// linksInFile returns the links a file of the given name holds, as they are sent.
func linksInFile(name string, content []byte) []localapi.Link {
	var links []localapi.Link
	for _, l := range link.InFile(name, content, math.MaxInt) {
		links = append(links, localapi.Link{URL: l.URL, Title: i18n.Plain(l.Title)})
	}
	return links
}

// linkInDrop finds the link in what the toolkit hands over for a dropped link: it takes it for the
// relative path of a file, so that the current folder stands before it and one of its slashes is
// gone. It has also been percent-decoded, which [link.Intact] looks at.
func linkInDrop(path string) (string, bool) {
	for _, scheme := range []string{"https:/", "http:/"} {
		if _, rest, ok := strings.Cut(path, "/"+scheme); ok || strings.HasPrefix(path, scheme) {
			if !ok {
				rest = strings.TrimPrefix(path, scheme)
			}
			return scheme + "/" + strings.TrimPrefix(rest, "/"), true
		}
	}
	return "", false
}

// errNoCode says that a picture holds no code that can be read.
var errNoCode = errors.New("window: no code in the picture")

// errTooLarge says that a file is larger than [maxLinkFile].
var errTooLarge = errors.New("window: the file is too large")

// pasted takes what was pasted outside of a field; without a text that is a picture of a code.
func (w *Window) pasted(words string) {
	if w.dialog != nil {
		return
	}
	if strings.TrimSpace(words) == "" && w.canPastePictures() {
		w.pastePicture()
		return
	}
	if link.Pairing(words) {
		w.join(strings.TrimSpace(words))
		return
	}
	w.take(findLinks(words), words)
	if w.current == PaneSend {
		w.sendPane().askTitle()
	}
}

// Offer hands the window what another start of Tabferry was called with: a pane, empty for none,
// and links, files that hold links, or pictures of codes. The window comes to the front. Unlike the
// other methods it is called beside Fyne's goroutine, also before the window is shown. It waits until the
// window has them, and reports whether it does: one that has been closed takes nothing more.
func (w *Window) Offer(pane string, items ...string) bool {
	taken := make(chan bool, 1)
	w.p.Post(func() {
		if !w.closed {
			w.front(pane)
			w.handed = w.handed || len(items) > 0
			w.whenKnown(func() { w.takeItems(items) })
		}
		taken <- !w.closed
	})
	select {
	case t := <-taken:
		return t
	case <-w.ctx.Done(): // the toolkit runs nothing any more
	}
	select {
	case t := <-taken:
		return t
	default:
		return false
	}
}

// takeItems takes links and files.
func (w *Window) takeItems(items []string) {
	var links []localapi.Link
	var files []string
	odd := false
	for _, item := range items {
		path, isFile := link.FilePath(item)
		if !isFile {
			path = item
		}
		address, one := link.One(item)
		typed, why := link.Typed(item)
		switch {
		case link.Pairing(item):
			w.join(item)
		case one == link.Fine:
			links = append(links, localapi.Link{URL: address})
		case isFile || link.IsFile(path) || isPicture(path):
			files = append(files, path)
		case why == link.Fine:
			links = append(links, localapi.Link{URL: typed})
		default:
			odd = true
		}
	}
	switch {
	case len(files) > 0:
		w.readFiles(files, links)
	case len(links) > 0:
		w.take(links, "")
	case odd:
		w.toasts.say(widget.ToneInfo, w.t("window.toast.drop_what"))
	}
}

// whenKnown runs a function once the agent has told its state.
func (w *Window) whenKnown(f func()) {
	if w.model.known {
		f()
		return
	}
	w.later = append(w.later, f)
}

// runLater runs what waited for the agent's state, and takes links that waited for a sign-in.
func (w *Window) runLater() {
	later := w.later
	w.later = nil
	for _, f := range later {
		f()
	}
	if links := w.waiting; len(links) > 0 && w.model.gate() == gateOpen {
		w.waiting = nil
		w.take(links, "")
	}
}

// take puts links into the send pane; before there is an account they wait for it. If there is none,
// the words stand there that were meant for one, so that nothing else is sent in their place.
func (w *Window) take(links []localapi.Link, words string) {
	switch {
	case len(links) == 0:
		w.toasts.say(widget.ToneInfo, w.t("window.toast.no_link"))
		if w.current == PaneSend {
			w.sendPane().refuse(words)
		}
	case w.model.gate() != gateOpen:
		w.waiting = links
		w.toasts.say(widget.ToneInfo, w.t("window.toast.sign_in_first"))
	default:
		w.show(PaneSend)
		w.sendPane().setLinks(links, "")
	}
}

// dropped takes what was dropped on the window: links, files that hold links, pictures of codes. The toolkit tells
// addresses and nothing else of a drop, so a dropped link has no title.
func (w *Window) dropped(uris []fyne.URI) {
	var files []string
	var links []localapi.Link
	for _, u := range uris {
		address, isWeb := linkInDrop(u.Path())
		switch {
		case isWeb && !link.Intact(address):
			w.toasts.say(widget.ToneWarn, w.t("window.toast.paste_instead"))
			return
		case isWeb:
			links = append(links, localapi.Link{URL: address})
		case u.Scheme() == "file" && (link.IsFile(u.Name()) || isPicture(u.Name())):
			files = append(files, u.Path())
		}
	}
	switch {
	case len(files) > 0:
		w.readFiles(files, links)
	case len(links) > 0:
		w.take(links, "")
		if w.waiting == nil { // else it has been said that they wait
			w.toasts.say(widget.ToneInfo, w.t("window.toast.check_dropped"))
		}
	default:
		w.toasts.say(widget.ToneInfo, w.t("window.toast.drop_what"))
	}
}

// readFiles reads dropped files beside Fyne's goroutine and takes what they hold, with the links that came with
// them. What one of several lacks is said, and keeps nobody from the others.
func (w *Window) readFiles(files []string, links []localapi.Link) {
	var codes []string
	var failed error // the first
	lost := 0
	read := w.p.ReadPicture
	w.call(func(ctx context.Context) error {
		for _, file := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			code, found, err := itemsInFile(file, read)
			if err != nil {
				lost++
				failed = cmp.Or(failed, err)
				continue
			}
			if code != "" {
				codes = append(codes, code)
			}
			links = append(links, found...)
		}
		return nil
	}, func(err error) {
		some := len(codes)+len(links) > 0
		switch failed = cmp.Or(err, failed); {
		case err == nil && some && lost > 0:
			w.takeCodes(codes, links)
			w.toasts.say(widget.ToneWarn, w.words.N("window.toast.files_lost", lost, "All", len(files)))
		case errors.Is(failed, errNoCode):
			w.toasts.say(widget.ToneBad, w.t("window.pair.no_code"))
		case errors.Is(failed, errTooLarge):
			w.toasts.say(widget.ToneBad, w.t("window.error.file_too_large", "Limit", maxLinkFile>>20))
		case failed != nil:
			w.toasts.say(widget.ToneBad, w.t("window.error.read_file"))
		default:
			w.takeCodes(codes, links)
		}
	})
}

// itemsInFile returns the text of the code in a picture, or the links in another file.
func itemsInFile(file string, read func(io.Reader) (string, error)) (code string, links []localapi.Link, err error) {
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() { // a pipe might be opened for ever
		return "", nil, cmp.Or(err, fs.ErrInvalid)
	}
	if isPicture(file) {
		code, err = codeInFile(file, read)
		return code, nil, err
	}
	content, err := readUpTo(file, maxLinkFile)
	if err != nil {
		return "", nil, err
	}
	return "", linksInFile(filepath.Base(file), content), nil
}

// takeCodes takes the texts of codes, and links found beside them: a code that pairs goes first.
func (w *Window) takeCodes(codes []string, links []localapi.Link) {
	if i := slices.IndexFunc(codes, link.Pairing); i >= 0 {
		w.join(codes[i])
		return
	}
	for _, code := range codes {
		links = append(links, findLinks(code)...)
	}
	w.take(links, strings.Join(codes, " "))
}

func (w *Window) canPastePictures() bool {
	return w.p.ClipboardPicture != nil && w.p.ReadPicture != nil
}

// pastePicture reads the code in the picture on the clipboard, which the program that put it there
// may take a while to hand over.
func (w *Window) pastePicture() {
	var code string
	w.call(func(ctx context.Context) error {
		picture, err := w.p.ClipboardPicture(ctx)
		if err != nil {
			return err
		}
		if code, err = w.p.ReadPicture(bytes.NewReader(picture)); err != nil {
			return errNoCode
		}
		return nil
	}, func(err error) {
		switch {
		case errors.Is(err, errNoCode):
			w.toasts.say(widget.ToneWarn, w.t("window.pair.no_code"))
		case err != nil:
			w.toasts.say(widget.ToneInfo, w.t("window.pair.nothing_copied"))
		default:
			w.takeCodes([]string{code}, nil)
		}
	})
}

// pictureFiles are the endings of pictures that may hold a code.
func pictureFiles() []string { return []string{".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"} }

func isPicture(name string) bool {
	return slices.Contains(pictureFiles(), strings.ToLower(filepath.Ext(name)))
}

// readUpTo reads a file that must not be larger than limit bytes.
func readUpTo(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file) // #nosec G304 -- the file the user dropped
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, errTooLarge
	}
	return content, nil
}

// codeInFile reads the code in a picture file.
func codeInFile(file string, read func(io.Reader) (string, error)) (string, error) {
	if read == nil {
		return "", errNoCode
	}
	f, err := os.Open(file) // #nosec G304 -- the file the user dropped
	if err != nil {
		return "", err
	}
	defer f.Close()
	code, err := read(f)
	if err != nil {
		return "", errNoCode
	}
	return code, nil
}
