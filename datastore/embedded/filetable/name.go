package filetable

import (
	"fmt"
	"path/filepath"
	"regexp"
)

var validName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// fileName is where the journal of a table is, below the driver's folder and
// without its ending. Nothing else checks the namespace, nor the name where the
// driver is called without a declaration: no name leads out of the folder.
func fileName(namespace, logical string) (string, error) {
	if namespace != "" && !usable(namespace) {
		return "", badName("namespace", namespace)
	}
	if !usable(logical) {
		return "", badName("table", logical)
	}
	return filepath.Join(namespace, "table", logical), nil
}

// usable also refuses the names that a system keeps for devices.
func usable(name string) bool { return validName.MatchString(name) && filepath.IsLocal(name) }

func badName(what, name string) error {
	return fmt.Errorf("%s name %q: write a letter and then up to 63 letters, digits, '-' or '_'", what, name)
}
