package filetable

import "github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"

// fileName is where the journal of a table is, below the driver's folder and
// without its ending.
func fileName(namespace, logical string) (string, error) {
	return storefile.Name(namespace, "table", logical, "")
}
