// Package storefile is how the embedded drivers that keep their data in a folder lay it
// out.
package storefile

import (
	"fmt"
	"path/filepath"
	"regexp"
)

var validName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// Name is where a store is, below the driver's folder: NAMESPACE/KIND/LOGICAL and
// the ending, without the namespace if there is none. Nothing else checks the
// namespace, nor the name where a driver is called without a declaration: no name
// leads out of the folder, nor to what a system keeps for devices.
func Name(namespace, kind, logical, ending string) (string, error) {
	if namespace != "" && !Usable(namespace) {
		return "", badName("namespace", namespace)
	}
	if !Usable(logical) {
		return "", badName(kind, logical)
	}
	return filepath.Join(namespace, kind, logical+ending), nil
}

// Usable reports whether a name can be one of a folder or a file.
func Usable(name string) bool { return validName.MatchString(name) && filepath.IsLocal(name) }

func badName(what, name string) error {
	return fmt.Errorf("%s name %q: write a letter and then up to 63 letters, digits, '-' or '_'", what, name)
}
