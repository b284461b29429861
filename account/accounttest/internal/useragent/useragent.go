// Package useragent reads User-Agent headers as Mozilla's servers do: for the
// names and types of devices that gave none.
package useragent

import (
	"regexp"
	"strings"
)

// Agent is what the servers read out of a User-Agent header.
type Agent struct {
	Text             string
	Browser, Version string
	OS               string
	Mobile, Tablet   bool
	IOS              bool
}

var (
	agentBrowser = regexp.MustCompile(`\b(Firefox|FxiOS|Chrome|Safari)/(\d+)`)
	agentIOS     = regexp.MustCompile(`iPhone|iPad|iPod|Firefox-iOS|FxiOS`)
)

// Parse reads a header; what it does not know stays empty.
func Parse(text string) Agent {
	a := Agent{Text: text}
	if m := agentBrowser.FindStringSubmatch(text); m != nil {
		a.Browser, a.Version = m[1], m[2]
		if a.Browser == "FxiOS" {
			a.Browser = "Firefox iOS"
		}
	}
	a.IOS = agentIOS.MatchString(text)
	switch {
	case a.IOS:
		a.OS = "iOS"
	case strings.Contains(text, "Android"):
		a.OS = "Android"
	case strings.Contains(text, "Windows"):
		a.OS = "Windows"
	case strings.Contains(text, "Macintosh"), strings.Contains(text, "Mac OS X"):
		a.OS = "Mac OS X"
	case strings.Contains(text, "Linux"), strings.Contains(text, "X11"):
		a.OS = "Linux"
	}
	a.Tablet = strings.Contains(text, "iPad") || strings.Contains(text, "Tablet")
	a.Mobile = !a.Tablet && (a.IOS || strings.Contains(text, "Mobile") || a.OS == "Android")
	return a
}

// Name is the short form lists show, for example "Firefox 67".
func (a Agent) Name() string {
	if a.Browser == "" {
		return ""
	}
	return a.Browser + " " + a.Version
}

// DeviceName is the name of a device that gave none.
func (a Agent) DeviceName() string {
	switch {
	case a.Browser != "" && a.OS != "":
		return a.Name() + ", " + a.OS
	case a.Browser != "":
		return a.Name()
	case a.OS != "":
		return a.OS
	}
	return ""
}

// DeviceType is the guess for a device that gave none.
func (a Agent) DeviceType() string {
	switch {
	case a.Tablet:
		return "tablet"
	case a.Mobile:
		return "mobile"
	}
	return "desktop"
}
