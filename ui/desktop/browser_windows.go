package desktop

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/windows/registry"
)

// Browsers returns the browsers that have registered with Windows ("Default Programs": a key below
// Clients\StartMenuInternet), those of this person before those of the machine. Their names are not
// translated there.
func Browsers(string) ([]Browser, error) {
	const clients = `SOFTWARE\Clients\StartMenuInternet`
	var list []Browser
	for _, root := range []registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE} {
		key, err := registry.OpenKey(root, clients, registry.ENUMERATE_SUB_KEYS)
		if errors.Is(err, registry.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		names, err := key.ReadSubKeyNames(-1)
		if err = errors.Join(err, key.Close()); err != nil {
			return nil, err
		}
		for _, name := range names {
			b := Browser{Name: cmp.Or(defaultValue(root, clients+`\`+name), name), Command: defaultValue(root, clients+`\`+name+`\shell\open\command`)}
			if b.Command != "" && CheckBrowser(b.Command) == nil && !slices.ContainsFunc(list, func(o Browser) bool { return o.Command == b.Command }) {
				list = append(list, b)
			}
		}
	}
	slices.SortFunc(list, func(a, b Browser) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list, nil
}

// defaultValue is the nameless value of a key, empty if it has none.
func defaultValue(root registry.Key, path string) string {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer key.Close()
	value, _, err := key.GetStringValue("")
	if err != nil {
		return ""
	}
	return value
}
