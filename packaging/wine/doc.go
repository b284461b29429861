// Package wine holds the tests of the Windows programs and their installer, as far as Wine 8 goes. `make
// wine` runs them; without the tag wine there is nothing here.
//
// Wine shows no tray without a desktop's help and no toasts, and has no Unix sockets: the tray's code is
// held to its rules by the tests of ui/tray, toasts by those of notify up to the registry, and everything
// here runs over the port of localapi/socket, which real Windows rarely needs.
package wine
