package accounttest

import (
	"regexp"
	"strings"
)

// userAgent is what the servers read out of a User-Agent header.
type userAgent struct {
	text             string
	browser, version string
	os               string
	mobile, tablet   bool
	ios              bool
}

var (
	agentBrowser = regexp.MustCompile(`\b(Firefox|FxiOS|Chrome|Safari)/(\d+)`)
	agentIOS     = regexp.MustCompile(`iPhone|iPad|iPod|Firefox-iOS|FxiOS`)
)

func parseUserAgent(text string) userAgent {
	a := userAgent{text: text}
	if m := agentBrowser.FindStringSubmatch(text); m != nil {
		a.browser, a.version = m[1], m[2]
		if a.browser == "FxiOS" {
			a.browser = "Firefox iOS"
		}
	}
	a.ios = agentIOS.MatchString(text)
	switch {
	case a.ios:
		a.os = "iOS"
	case strings.Contains(text, "Android"):
		a.os = "Android"
	case strings.Contains(text, "Windows"):
		a.os = "Windows"
	case strings.Contains(text, "Macintosh"), strings.Contains(text, "Mac OS X"):
		a.os = "Mac OS X"
	case strings.Contains(text, "Linux"), strings.Contains(text, "X11"):
		a.os = "Linux"
	}
	a.tablet = strings.Contains(text, "iPad") || strings.Contains(text, "Tablet")
	a.mobile = !a.tablet && (a.ios || strings.Contains(text, "Mobile") || a.os == "Android")
	return a
}

// name is the short form lists show, for example "Firefox 67".
func (a userAgent) name() string {
	if a.browser == "" {
		return ""
	}
	return a.browser + " " + a.version
}

// deviceName is the name of a device that gave none.
func (a userAgent) deviceName() string {
	switch {
	case a.browser != "" && a.os != "":
		return a.name() + ", " + a.os
	case a.browser != "":
		return a.name()
	case a.os != "":
		return a.os
	}
	return ""
}

// deviceType is the guess for a device that gave none.
func (a userAgent) deviceType() string {
	switch {
	case a.tablet:
		return "tablet"
	case a.mobile:
		return "mobile"
	}
	return "desktop"
}
