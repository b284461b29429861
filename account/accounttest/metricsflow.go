package accounttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
)

// flowLifetime is how long flow values count after they were given.
const flowLifetime = 2 * time.Hour

// maxFlowValue is the longest query value of /metrics-flow.
const maxFlowValue = 1024

// Flow is one answer of /metrics-flow and what became of it.
type Flow struct {
	ID, DeviceID string
	BeginTime    time.Time
	Query        url.Values // of the request
	// Authorized is set when an authorization carried the flow's values in time,
	// to the account's uid.
	Authorized string
}

var (
	entrypointPattern = regexp.MustCompile(`^[\w.:-]+$`)
	utmPattern        = regexp.MustCompile(`^[\w/.%-]{1,128}$`)
	flowPatterns      = map[string]*regexp.Regexp{
		"entrypoint": entrypointPattern, "entrypoint_experiment": entrypointPattern, "entrypoint_variation": entrypointPattern,
		"form_type":  regexp.MustCompile(`^(email|button|subscribe|other)$`),
		"utm_source": utmPattern, "utm_content": utmPattern, "utm_medium": utmPattern, "utm_term": utmPattern,
		"utm_campaign": regexp.MustCompile(`^([\w/.%-]{1,128}|page\+referral\+-\+not\+part\+of\+a\+campaign)$`),
		"context":      regexp.MustCompile(`^[0-9a-z_-]+$`),
		"service":      regexp.MustCompile(`^(sync|content-server|none|[0-9a-f]{16})$`),
		"product_id":   regexp.MustCompile(`^prod_[0-9A-Za-z]+$`),
		"event_type":   regexp.MustCompile(`^engage$`),
		"uid":          regexp.MustCompile(`^[0-9a-fA-F-]{36}$`),
	}
)

func flowRoutes() []route {
	return []route{{method: "GET", path: "/metrics-flow", space: errno.ContentSpace, page: metricsFlow}}
}

func metricsFlow(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	origin := r.Header.Get("Origin")
	w.Header().Del("Access-Control-Allow-Origin")
	if !slices.Contains(s.cfg.flowOrigins, origin) {
		http.Error(w, "this origin is not on the list", http.StatusForbidden)
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Vary", "Origin")
	q := r.URL.Query()
	for name, values := range q {
		pattern := flowPatterns[name]
		for _, value := range values {
			tooLong := len(value) > maxFlowValue
			if tooLong || pattern == nil && s.cfg.lint || pattern != nil && !pattern.MatchString(value) {
				http.Error(w, "invalid query parameter "+name, http.StatusBadRequest)
				return
			}
		}
	}
	now := s.Clock.Now()
	s.mu.Lock()
	flow := s.newFlow(now, q)
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	writeDocument(w, map[string]any{"deviceId": flow.DeviceID, "flowBeginTime": now.UnixMilli(), "flowId": flow.ID})
}

func (s *Service) newFlow(now time.Time, q url.Values) Flow {
	salt := s.hex(16)
	mac := hmac.New(sha256.New, s.flowKey)
	mac.Write([]byte(salt + "\n" + strconv.FormatInt(now.UnixMilli(), 16)))
	flow := Flow{
		ID: salt + hex.EncodeToString(mac.Sum(nil))[:32], DeviceID: s.hex(16), BeginTime: time.UnixMilli(now.UnixMilli()), Query: q,
	}
	s.flows[flow.ID] = flow
	return flow
}

// matchFlow notes that an authorization carried a flow's values. The caller
// holds the lock.
func (s *Service) matchFlow(q url.Values, a *account) {
	flow, ok := s.flows[q.Get("flow_id")]
	if !ok || q.Get("flow_begin_time") != strconv.FormatInt(flow.BeginTime.UnixMilli(), 10) {
		return
	}
	if s.Clock.Now().Sub(flow.BeginTime) > flowLifetime {
		return
	}
	flow.Authorized = a.uid
	s.flows[flow.ID] = flow
}

// Flows lists the answers of /metrics-flow, oldest first.
func (s *Service) Flows() []Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Flow
	for _, flow := range s.flows {
		out = append(out, flow)
	}
	slices.SortFunc(out, func(x, y Flow) int { return x.BeginTime.Compare(y.BeginTime) })
	return out
}
