package pushservice

import (
	"encoding/json"
	"fmt"
)

// incoming is every message a user agent can send, members of all types in one.
type incoming struct {
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

type helloReply struct {
	Type       string         `json:"messageType"`
	UAID       string         `json:"uaid"`
	Status     int            `json:"status"`
	UseWebPush bool           `json:"use_webpush"`
	Broadcasts map[string]any `json:"broadcasts"`
}

type registerReply struct {
	Type      string `json:"messageType"`
	ChannelID string `json:"channelID"`
	Status    int    `json:"status"`
	Endpoint  string `json:"pushEndpoint"`
}

type unregisterReply struct {
	Type      string `json:"messageType"`
	ChannelID string `json:"channelID"`
	Status    int    `json:"status"`
}

type notification struct {
	Type      string            `json:"messageType"`
	ChannelID string            `json:"channelID"`
	Version   string            `json:"version"`
	Data      string            `json:"data,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
}

type broadcast struct {
	Type       string         `json:"messageType"`
	Broadcasts map[string]any `json:"broadcasts"`
}

func (m *message) frame() []byte {
	return encode(notification{"notification", m.channel, m.version, m.data, m.headers})
}

// encode encodes one of the types above, none of which can fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("pushservice: encode %T: %v", v, err))
	}
	return b
}
