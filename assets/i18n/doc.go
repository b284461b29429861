// Package i18n holds every text Tabferry shows, in English, German and French, and finds the right
// one by key. All faces share one catalogue.
//
//	c := i18n.New("")                                    // the language of the environment
//	c.T("send.sent_to", "Device", "Pixel 9")             // named values in pairs
//	c.N("inbox.unread", 3)                               // by the language's plural rule
//
// The texts are the files locales/FACE.LANGUAGE.toml: flat tables of quoted dotted keys, values with
// places for what they are about ({{.Device}}); a text that depends on a number is a table with the CLDR
// plural categories (one, other, …) of its language and may use {{.Count}}. The first part of a
// key is the name of its file, so that two faces never define the same key, and a face's file is read
// when its first text is asked for.
//
// Whether a language is written from right to left follows from its tag ([Catalogue.RightToLeft]), and the window is
// mirrored for those that are. No such language is among them yet, but one for tests ([PseudoRight]). Values that
// stand in its texts keep their own direction.
//
// English is complete by definition. A key that another language lacks is shown in English, an
// unknown key as itself; the package's tests keep all languages complete, so neither happens.
package i18n
