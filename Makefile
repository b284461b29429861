# Tabferry: the commands people and CI use. `make help` lists them.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build lean test lint cross core race desktop peers extension torture bench soak shots packages-build packages-desktop packages-peers packages-torture packages packages-packages packages-windows packages-macos linux windows macos wine roots

tools := go tool -modfile=$(CURDIR)/packaging/tools/go.mod
commit := $(or $(COMMIT),$(shell git describe --always --dirty --abbrev=12 --match '' 2>/dev/null))
version := $(shell sed -n 's/^const version = "\(.*\)"/\1/p' ui/role/version.go)
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
packages-packages:
	@packaging/system-packages.sh build packages
packages-windows:
	@packaging/system-packages.sh windows
packages-macos:
	@packaging/system-packages.sh macos

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
	COMMIT=$(commit) packaging/window.sh build/tabferry-window

lean: ## agent, tray and command line without cgo: build/tabferry; and build/tabferry-demo with the demo world
	@mkdir -p build
	COMMIT=$(commit) packaging/lean.sh build/tabferry
	COMMIT=$(commit) packaging/lean.sh build/tabferry-demo demo

# Half of it waits for desktops, browsers and disks, so it runs beside what keeps the processors busy and goes first where
# both want one, as a person's desktop would. Of each half two goals run at a time, what takes longest first; each says
# all when it is over, and what waits says it at the end.
test: ## everything CI runs
	@packaging/system-packages.sh build desktop peers torture packages windows macos
	@mkdir -p build; failed=0; \
	  $(MAKE) -k -j2 -Otarget --no-print-directory desktop peers torture roots macos wine >build/programs.log 2>&1 & \
	  nice -n 10 $(MAKE) -k -j2 -Otarget --no-print-directory race lint cross core || failed=1; \
	  wait $$! || failed=1; cat build/programs.log; exit $$failed

lint: ## formatting, vet, staticcheck, error wrapping, complexity, security, module files, layers, interface names, references to docs
	@unformatted=$$($(tools) gofumpt -l $(sources)); \
	  if [[ -n "$$unformatted" ]]; then echo "gofumpt differs:"; echo "$$unformatted"; exit 1; fi
	$(pure) vet -tags ci ./...
	$(pure) vet -tags 'ci demo desktop macos packages peers soak torture wine' ./...
	CGO_ENABLED=0 $(tools) staticcheck -tags 'ci demo desktop macos packages peers soak torture wine' ./...
	CGO_ENABLED=0 GOFLAGS="$${GOFLAGS:-} -tags=ci" $(tools) go-errorlint -test=false ./account/... ./notify/... ./ui/...
	@$(tools) gocyclo -over 15 $(filter-out %_test.go,$(sources))
	# accounttest is a service for tests: it hands out secrets that everybody knows.
	$(gosec) -quiet -tags ci -exclude-dir=account/accounttest ./...
	go mod tidy -diff
	cd packaging/tools && go mod tidy -diff && go mod tidy -modfile=gosec.mod -diff && go mod tidy -modfile=packages.mod -diff
	.ci/checks/layers.sh
	.ci/checks/seed-names.sh
	.ci/checks/spec-links.sh
	.ci/checks/doc-links.sh
	.ci/checks/duties.sh

cross: ## what other systems compile: the lean build on six, everything on Windows and macOS
	@for system in windows darwin freebsd; do for machine in amd64 arm64; do \
	  echo "vet $$system/$$machine, lean"; export GOOS=$$system GOARCH=$$machine; \
	  $(pure) vet -tags headless $$($(pure) list -deps -tags headless -f '{{with .Module}}{{if .Main}}{{$$.ImportPath}}{{end}}{{end}}' .); \
	done; done
	@echo "vet windows/amd64, all"; GOOS=windows GOARCH=amd64 $(pure) vet -tags ci ./...
	@# The toolkit's package app does not compile for macOS without cgo: all but the file that imports it.
	@echo "vet darwin/arm64, all"; GOOS=darwin GOARCH=arm64 $(pure) vet -tags 'ci headless' ./...

# What takes longest is named first, so that it begins first: else one processor waits for it in the end.
core: ## the client's own tests, without cgo
	$(pure) test -timeout 20m ./account/agent ./account/...

race: ## every package under the race detector, in random order; what looks at pictures without it, which takes a tenth of the time
	go test -race -shuffle=on -timeout 30m -tags headless ./account/agent ./ui/window ./ui/cli ./ui/qr ./account/... ./assets/... ./notify/... ./ui/...
	$(pure) test -tags ci -run 'TestEveryTextCanBeRead|TestEveryTextIsTranslated|TestEveryTextIsWhole|TestFocusIsSeen' ./ui/window ./ui/widget

desktop: lean build ## the built program on a real desktop in a box
	go test -tags desktop -count=1 -parallel 3 -timeout 25m ./packaging/... ./account/agent/wake ./account/store ./notify ./ui/desktop/... ./ui/qr ./ui/reader/... ./ui/tray

peers: lean ## Firefox, PyFxA, web-push and jose as users of the in-process service; Firefox and Chromium with the extension
	go test -tags peers -count=1 -timeout 20m ./account/peers ./account/agent/localapi
	$(pure) test -tags peers -count=1 -timeout 20m ./packaging/browsers

extension: ## the browser extension, checked and packed, to dist/: the same bytes anywhere
	$(pure) run ./packaging/extension -out dist
	$(pure) test -tags peers -count=1 -run 'Lint|Modules' ./packaging/browsers
	sha256sum dist/tabferry-extension-*.zip

torture: packages-torture lean ## the built program on bad days: 300 kills, failing disks, lying servers (-kills N by hand)
	$(pure) test -tags torture -count=1 -parallel 6 -timeout 25m ./packaging/torture

packages: linux windows macos ## all that people install, to dist/, and SHA256SUMS
	@cp build/windows/tabferry-setup-*.exe build/{windows,macos}/*.cdx.json build/macos/*.zip dist
	@cd dist && rm SHA256SUMS && sha256sum * >SHA256SUMS && cat SHA256SUMS

linux: packages-packages lean build ## for Linux, to dist/: deb, rpm, an archive, what is in them, SHA256SUMS
	@rm -rf dist
	@export VERSION=$(version) SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}; packaging/linux/packages.sh build dist
	@$(pure) run ./packaging/extension -out dist
	@cd dist && sha256sum * >SHA256SUMS && cat SHA256SUMS

roots: linux ## the packages: what they say, what lintian and others say, installed and removed in clean roots
	go test -tags packages -count=1 -timeout 25m ./packaging/linux

windows: packages-windows ## for Windows, to build/windows: two programs and an installer (SIGN_CERT and SIGN_KEY sign them)
	@rm -rf build/windows
	packaging/windows/build.sh build/windows

wine: packages-windows ## the Windows programs and their installer, signed with a throwaway key, under Wine; pictures to shots/
	$(pure) test -tags wine -count=1 -timeout 25m ./packaging/wine

macos: packages-macos ## for macOS, to build/macos: the lean program as an application, unsigned
	@rm -rf build/macos
	packaging/macos/bundle.sh build/macos
	$(pure) test -tags macos -count=1 ./packaging/macos

bench: packages-desktop lean build ## memory, time and bytes of everything beside the least programs that do the same, in one table: docs/performance.md
	go run ./packaging/bench -bin build $(BENCH)

soak: packages-desktop lean build ## one agent for an hour, with tabs in and out and lost connections: nothing may grow
	go run ./packaging/bench -bin build -soak 1h

shots: packages-desktop lean build ## every pane from the real window, light and dark, to shots/; drawn in every condition, appearance, size, to shots/panes/index.html
	go run ./packaging/shots -bin build -out shots
	@mkdir -p shots/panes
	TABFERRY_SHEETS=$(CURDIR)/shots/panes $(pure) test -tags ci -count=1 -timeout 20m -run TestSheets ./ui/window
