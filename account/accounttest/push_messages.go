package accounttest

import (
	"encoding/json"
	"fmt"
)

// pushHeard is every message a user agent can send, members of all types in one.
type pushHeard struct {
	Type       string            `json:"messageType"`
	UAID       string            `json:"uaid"`
	ChannelID  string            `json:"channelID"`
	Key        string            `json:"key"`
	Code       int               `json:"code"`
	Version    string            `json:"version"`
	Broadcasts map[string]string `json:"broadcasts"`
	Updates    []struct {
		ChannelID string `json:"channelID"`
		Version   string `json:"version"`
		Code      int    `json:"code"`
	} `json:"updates"`
}

type pushHelloReply struct {
	Type       string         `json:"messageType"`
	UAID       string         `json:"uaid"`
	Status     int            `json:"status"`
	UseWebPush bool           `json:"use_webpush"`
	Broadcasts map[string]any `json:"broadcasts"`
}

type pushRegisterReply struct {
	Type      string `json:"messageType"`
	ChannelID string `json:"channelID"`
	Status    int    `json:"status"`
	Endpoint  string `json:"pushEndpoint"`
}

type pushUnregisterReply struct {
	Type      string `json:"messageType"`
	ChannelID string `json:"channelID"`
	Status    int    `json:"status"`
}

type pushNotification struct {
	Type      string            `json:"messageType"`
	ChannelID string            `json:"channelID"`
	Version   string            `json:"version"`
	Data      string            `json:"data,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
}

type pushBroadcast struct {
	Type       string         `json:"messageType"`
	Broadcasts map[string]any `json:"broadcasts"`
}

func (m *pushMessage) frame() []byte {
	return pushJSON(pushNotification{"notification", m.channel, m.version, m.data, m.headers})
}

// pushJSON encodes one of the types above, none of which can fail.
func pushJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("accounttest: encode %T: %v", v, err))
	}
	return b
}
