package localidentity

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// directory is what a file has. The names of its fields are the format.
type directory struct {
	Version int                `json:"version"`
	Users   map[string]*record `json:"users"`
	// Key signs tokens (PKCS #8, RSA); nil before the first.
	Key []byte `json:"key,omitempty"`
}

const directoryVersion = 1

// record is one user.
type record struct {
	Name       string            `json:"name"`
	ID         string            `json:"id"`
	Enabled    bool              `json:"enabled"`
	Status     string            `json:"status"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Groups     []string          `json:"groups,omitempty"` // in order
	Password   string            `json:"password,omitempty"`
	Created    time.Time         `json:"created"`
	Modified   time.Time         `json:"modified"`
}

// The states of a user here.
const (
	mustChange = "FORCE_CHANGE_PASSWORD"
	confirmed  = "CONFIRMED"
)

func (d *Driver) load(file string) (*directory, error) {
	text, err := d.files.read(file)
	if err != nil {
		return nil, err
	}
	if text == nil {
		return &directory{Version: directoryVersion, Users: map[string]*record{}}, nil
	}
	return parse(file, text)
}

// parse reads a directory. What is wrong in it is not in the error.
func parse(file string, text []byte) (*directory, error) {
	var dir directory
	if err := json.Unmarshal(text, &dir); err != nil {
		return nil, fmt.Errorf("directory %s is no JSON of this package; mend or remove the file", file)
	}
	if dir.Version != directoryVersion {
		return nil, fmt.Errorf("directory %s is of version %d, this program reads version %d", file, dir.Version, directoryVersion)
	}
	if dir.Users == nil {
		dir.Users = map[string]*record{}
	}
	for name, r := range dir.Users {
		if r == nil || r.Name != name || r.ID == "" {
			return nil, fmt.Errorf("directory %s: a user has another name than it stands under, or no id; mend or remove the file", file)
		}
	}
	return &dir, nil
}

func (d *Driver) store(file string, dir *directory) error {
	text, err := json.MarshalIndent(dir, "", "  ")
	if err != nil {
		return err
	}
	return d.files.write(file, text)
}

// find is the user of a name or an id.
func (d *directory) find(name string) (*record, error) {
	if r, ok := d.Users[name]; ok {
		return r, nil
	}
	for _, r := range d.Users {
		if r.ID == name {
			return r, nil
		}
	}
	return nil, &datastore.Error{Kind: datastore.ErrNotFound, Code: "UserNotFoundException"}
}

func (r *record) user() identity.User {
	u := identity.User{
		Name: r.Name, ID: r.ID, Enabled: r.Enabled, Status: r.Status, Attributes: maps.Clone(r.Attributes),
		Created: r.Created, Modified: r.Modified,
	}
	if u.Attributes == nil {
		u.Attributes = map[string]string{}
	}
	return u
}

func (r *record) fits(q identity.Query) bool {
	value := r.Attributes[q.Attribute]
	switch q.Attribute {
	case "":
		return true
	case "username":
		value = r.Name
	case "sub":
		value = r.ID
	}
	if q.Prefix {
		return strings.HasPrefix(value, q.Value)
	}
	return value == q.Value
}

// newID is a random UUID.
func newID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// iterations of the hash. They protect passwords that nobody should use elsewhere.
const iterations = 10_000

// hash is a password with its salt, after the policy that a user pool has by itself.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
func hash(password string, random io.Reader) (string, error) {
	has := func(fits func(rune) bool) bool { return strings.ContainsFunc(password, fits) }
	symbol := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	if utf8.RuneCountInString(password) < 8 || !has(unicode.IsUpper) || !has(unicode.IsLower) || !has(unicode.IsDigit) || !has(symbol) {
		return "", &datastore.Error{Kind: datastore.ErrInvalid, Code: "InvalidPasswordException",
			Err: errors.New("a password has at least 8 characters, of which one each is an upper case and a lower case letter, a digit and a symbol")}
	}
	salt := make([]byte, 16)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", unavailable(err)
	}
	sum, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", unavailable(err)
	}
	return base64.RawStdEncoding.EncodeToString(slices.Concat(salt, sum)), nil
}

// matches reports whether it is the password of the hash.
func matches(hashed, password string) bool {
	both, err := base64.RawStdEncoding.DecodeString(hashed)
	if err != nil || len(both) != 16+sha256.Size {
		return false
	}
	sum, err := pbkdf2.Key(sha256.New, password, both[:16], iterations, sha256.Size)
	return err == nil && subtle.ConstantTimeCompare(sum, both[16:]) == 1
}
