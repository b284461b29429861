//go:build desktop && linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What calls methods by a name that is made while running has the linker keep every method of every type that
// becomes a value of an interface: one such call cost the lean program 2.7 MB of 20. The names of all functions
// stand in a program, stripped or not. HTTP/2 is there by default, and 0.53 MB; what is generic is compiled for each type
// anew, which was a quarter of a megabyte for the calls of the local API.
var keepers = map[string]string{
	"text/template.(*state).evalField":        "write the text without a template engine, as ui/cli/usage.go does",
	"html/template.(*escaper).escape":         "write the page without a template engine, as account/agent/signin/page.go does",
	"godbus/dbus/v5.getMethods":               "export a table of methods, as ui/tray/run_dbus.go does",
	"godbus/dbus/v5/introspect.Methods":       "describe the methods in a constant, as ui/tray/describe_dbus.go does",
	"nicksnyder/go-i18n/v2/i18n.NewLocalizer": "ask assets/i18n for the text",
	"net/http.(*http2Framer).ReadFrame":       "build with the tag nethttpomithttp2",
	"account/agent/localapi.askHTTP[":         "handle calls without their types, as account/agent/localapi/calls.go does",
	"go-jose/go-jose/v4.":                     "read a key as account/events/check.go does",
	"golang.org/x/net/html.(*Tokenizer)":      "read copied pages, which are written by the rules, as account/link/copied.go does",
	"encoding/xml.(*Decoder)":                 "read marks of pages and link files by the tokenizer of account/link",
	"sergeymakinen/go-ico":                    "leave icons of Windows to ui/tray on Windows",
}

func TestTheLinkerLeavesOutWhatNobodyCalls(t *testing.T) {
	program, err := os.ReadFile(filepath.Join("..", "..", "build", "tabferry"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(program, []byte("godbus/dbus/v5.(*Conn).ExportMethodTable")) {
		t.Fatal("the program tells no names of functions")
	}
	for name, instead := range keepers {
		if bytes.Contains(program, []byte(name)) {
			t.Errorf("the lean program holds %s: %s", name, instead)
		}
	}
}
