package migrate

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Migration is one file.
type Migration struct {
	Version    int64
	File       string // its name without folders: "0001_orders.sql"
	Checksum   string // SHA-256 of its text in hex
	Statements []string

	stepwise bool
	done     int // statements that were carried out before
}

var fileName = regexp.MustCompile(`^([0-9]{1,18})_([A-Za-z0-9_-]+)(?:\.(postgres|mysql|sqlite))?\.sql$`)

// Read reads the files of a dialect, in any folder, in the order of their
// versions. A file of another ending is passed over; one that ends in .sql and is
// named otherwise is an error, and so are two of one version.
func Read(files fs.FS, dialect sqldb.Dialect) ([]Migration, error) {
	if files == nil {
		return nil, errors.New("there are no files of migrations")
	}
	var all []Migration
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".sql" {
			return err
		}
		m, own, err := readFile(files, name, dialect)
		if own {
			all = append(all, m)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b Migration) int { return int(min(max(a.Version-b.Version, -1), 1)) })
	for i := range max(0, len(all)-1) {
		if a, b := all[i], all[i+1]; a.Version == b.Version {
			return nil, fmt.Errorf("migrations %s and %s have the same number; give one another", a.File, b.File)
		}
	}
	return all, nil
}

// readFile reads one file; own says that it is for the dialect.
func readFile(files fs.FS, name string, dialect sqldb.Dialect) (m Migration, own bool, err error) {
	base := path.Base(name)
	parts := fileName.FindStringSubmatch(base)
	switch {
	case parts == nil || len(base) > 255:
		return m, false, fmt.Errorf("migration %s: name it NUMBER_NAME.sql, such as 0001_orders.sql", name)
	case parts[3] != "" && parts[3] != string(dialect):
		return m, false, nil
	}
	version, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return m, false, fmt.Errorf("migration %s: %w", name, err)
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return m, false, fmt.Errorf("migration %s: %w", name, err)
	}
	sum := sha256.Sum256(text)
	m = Migration{Version: version, File: base, Checksum: hex.EncodeToString(sum[:])}
	stepwise, single := marks(string(text))
	m.stepwise = stepwise
	if m.Statements = []string{string(text)}; !single {
		if m.Statements, err = Split(string(text), dialect); err != nil {
			return m, false, fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return m, true, nil
}

// marks are the lines at the beginning that say how to apply the file.
func marks(text string) (stepwise, single bool) {
	for line := range strings.Lines(text) {
		switch strings.TrimSpace(line) {
		case "-- migrate: stepwise":
			stepwise = true
		case "-- migrate: one statement":
			single = true
		default:
			return stepwise, single
		}
	}
	return stepwise, single
}
