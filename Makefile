# Tabferry: the commands people and CI use. `make help` lists them.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build lean test lint cross core race desktop peers torture bench shots packages-build packages-desktop packages-peers packages-torture

tools := go tool -modfile=$(CURDIR)/packaging/tools/go.mod
# One flag set for everything that compiles OpenGL: each other one costs minutes once.
window_flags := -tags migrated_fynedo
# Without symbol tables the programs are a third smaller; panics still show functions and lines.
link_flags := -ldflags '-s -w'
# What the lean build leaves out does not compile without cgo; `ci` gives the toolkit a driver that does.
pure := CGO_ENABLED=0 go
sources := $(shell git ls-files '*.go' 2>/dev/null)
# gosec brings half a hundred modules along: it has a module file of its own, so that none of them
# decides about the other tools.
gosec := CGO_ENABLED=0 go tool -modfile=$(CURDIR)/packaging/tools/gosec.mod gosec

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

packages-build:
	@packaging/system-packages.sh build
packages-desktop:
	@packaging/system-packages.sh build desktop
packages-peers:
	@packaging/system-packages.sh build desktop peers
packages-torture:
	@packaging/system-packages.sh torture

demo: packages-build lean build ## build and run on the in-process accounts service; without a display, under Xvfb with screenshots
	@if [[ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]]; then \
	  exec build/tabferry --demo; \
	else \
	  packaging/system-packages.sh build desktop; \
	  echo "No display here: running in a desktop of its own under Xvfb."; \
	  go run ./packaging/shots -tour -bin build -out shots; \
	fi

build: packages-build ## the whole application in one binary: build/tabferry-window
	@mkdir -p build
	go build $(window_flags) $(link_flags) -o build/tabferry-window .

lean: ## agent, tray and command line without cgo: build/tabferry
	@mkdir -p build
	$(pure) build -tags headless $(link_flags) -o build/tabferry .

test: packages-peers lint cross core race desktop peers torture ## everything CI runs

lint: ## formatting, vet, staticcheck, error wrapping, complexity, security, module files, layers, interface names, references to docs
	@unformatted=$$($(tools) gofumpt -l $(sources)); \
	  if [[ -n "$$unformatted" ]]; then echo "gofumpt differs:"; echo "$$unformatted"; exit 1; fi
	$(pure) vet -tags ci ./...
	$(pure) vet -tags 'ci desktop peers soak torture' ./...
	CGO_ENABLED=0 $(tools) staticcheck -tags 'ci desktop peers soak torture' ./...
	CGO_ENABLED=0 GOFLAGS="$${GOFLAGS:-} -tags=ci" $(tools) go-errorlint -test=false ./account/... ./notify/... ./ui/...
	@$(tools) gocyclo -over 15 $(filter-out %_test.go,$(sources))
	# accounttest is a service for tests: it hands out secrets that everybody knows.
	$(gosec) -quiet -tags ci -exclude-dir=account/accounttest ./...
	go mod tidy -diff
	cd packaging/tools && go mod tidy -diff && go mod tidy -modfile=gosec.mod -diff
	.ci/checks/layers.sh
	.ci/checks/seed-names.sh
	.ci/checks/spec-links.sh
	.ci/checks/doc-links.sh

cross: ## what other systems compile: the lean build on six, everything on Windows and macOS
	@for system in windows darwin freebsd; do for machine in amd64 arm64; do \
	  echo "vet $$system/$$machine, lean"; export GOOS=$$system GOARCH=$$machine; \
	  $(pure) vet -tags headless $$($(pure) list -deps -tags headless -f '{{with .Module}}{{if .Main}}{{$$.ImportPath}}{{end}}{{end}}' .); \
	done; done
	@echo "vet windows/amd64, all"; GOOS=windows GOARCH=amd64 $(pure) vet -tags ci ./...
	@# The toolkit's package app does not compile for macOS without cgo: all but the file that imports it.
	@echo "vet darwin/arm64, all"; GOOS=darwin GOARCH=arm64 $(pure) vet -tags 'ci headless' ./...

core: ## the client's own tests, without cgo
	$(pure) test ./account/...

race: ## every package under the race detector, in random order
	go test -race -shuffle=on -tags headless ./account/... ./assets/... ./notify/... ./ui/...

desktop: lean build ## the built program on a real desktop in a box
	go test -tags desktop -count=1 -timeout 15m ./packaging/... ./account/agent/wake ./account/store ./notify ./ui/desktop/... ./ui/qr ./ui/tray

peers: ## Firefox, PyFxA and web-push as users of the in-process service
	go test -tags peers -count=1 -timeout 10m ./account/peers

torture: packages-torture ## the built program on bad days: 300 kills, failing disks, lying servers (-kills N by hand)
	$(pure) test -tags torture -count=1 -parallel 6 -timeout 15m ./packaging/torture

bench: lean build ## the figures of the README and CONTRIBUTING
	go run ./packaging/bench -bin build
	$(pure) test -run '^$$' -bench . -benchmem ./account/... ./ui/qr

shots: packages-desktop lean build ## every pane, light and dark, from the real window, to shots/
	go run ./packaging/shots -bin build -out shots
