// Package localidentity has the users of an application on this machine: in a file
// for local serving, or in memory for tests. It needs no server and nothing but the
// standard library, and is the reference for the other drivers of package identity.
//
//	users := localidentity.In(".tierkit", nil)
//	data := datastore.New([]datastore.Driver{users}, nil)
//
// A directory is one file, FOLDER/identity/NAME.json (or
// FOLDER/APP/identity/NAME.json where the [datastore.Data] has a namespace), which
// only the user who runs the program can read. Each change puts a whole new file in
// the place of the old one. Several processes may read a directory, and one at a time
// change it.
//
// Passwords follow the policy that a user pool has by itself, and are kept as salted
// hashes. Attributes are those of a user pool's schema: the standard ones, and those
// that identity.Custom declares. An invitation is not sent.
//
// An [Issuer] signs tokens for the users, as a user pool does, and shows the keys by
// which they are verified. An exchange takes the ID tokens of the issuers that its
// driver has made for the directory, as an identity pool takes those of the clients
// that it names: the same "iss" and "aud", and not those of others.
package localidentity

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// Driver has the directories of one folder, or of the memory. It is safe for
// concurrent use.
type Driver struct {
	files files
	opts  Options
	mu    sync.Mutex // of what reads and then writes

	clientsMu sync.Mutex
	clients   map[string][]client // of each directory, by its file

	asked asked
}

// Options configures [In] and [Memory]. The zero value of each field is usable.
type Options struct {
	// Groups that every directory has, as the user pool has those of the
	// template. nil means that every group is there.
	Groups []string
	// Guests lets an exchange take who has no token.
	Guests bool
	// Session is told of the credentials that an exchange gives, and of whom they
	// are for ("" for a guest), before it answers them: who serves locally lets
	// them in. Default: nobody knows them.
	Session func(c identity.Credentials, subject string) error
}

var (
	_ identity.Driver         = (*Driver)(nil)
	_ identity.ExchangeDriver = (*Driver)(nil)
)

// In is a driver that keeps directories in the folder dir, which is made by the first
// change. opts may be nil.
func In(dir string, opts *Options) *Driver { return newDriver(&folder{dir}, opts) }

// Memory is a driver whose directories end with the process. opts may be nil.
func Memory(opts *Options) *Driver { return newDriver(&memory{all: map[string][]byte{}}, opts) }

func newDriver(f files, opts *Options) *Driver {
	d := &Driver{files: f}
	if opts != nil {
		d.opts = *opts
	}
	d.opts.Groups = slices.Clone(d.opts.Groups)
	return d
}

// Kind is "identity".
func (d *Driver) Kind() string { return "identity" }

// Name is "localidentity".
func (d *Driver) Name() string { return "localidentity" }

// OpenDirectory implements [identity.Driver].
func (d *Driver) OpenDirectory(_ context.Context, data *datastore.Data, spec identity.Spec) (identity.Conn, error) {
	file, err := fileName(data.Namespace(), spec.Logical)
	if err != nil {
		return nil, unavailable(err)
	}
	return &conn{driver: d, file: file, custom: spec.CustomList(), now: data.Now, random: data.Rand()}, nil
}

// conn is one directory.
type conn struct {
	driver *Driver
	file   string
	custom []string // attributes beside the standard ones
	now    func() time.Time
	random io.Reader
}

var _ identity.Conn = (*conn)(nil)

// Get implements [identity.Conn].
func (c *conn) Get(ctx context.Context, name string) (user identity.User, err error) {
	err = c.with(ctx, func(dir *directory) error {
		r, err := dir.find(name)
		if err == nil {
			user = r.user()
		}
		return err
	})
	return user, err
}

// List implements [identity.Conn]. Users are in order of their names; a token is the
// last name of the page before.
func (c *conn) List(ctx context.Context, q identity.Query) (page datastore.Page[identity.User], err error) {
	err = c.with(ctx, func(dir *directory) error {
		for _, name := range slices.Sorted(maps.Keys(dir.Users)) {
			r := dir.Users[name]
			if name <= string(q.After) || !r.fits(q) {
				continue
			}
			if len(page.Items) == q.Limit {
				page.Next = datastore.Token(page.Items[len(page.Items)-1].Name)
				return nil
			}
			page.Items = append(page.Items, r.user())
		}
		return nil
	})
	return page, err
}

// Create implements [identity.Conn].
func (c *conn) Create(ctx context.Context, user identity.NewUser) (made identity.User, err error) {
	allowed := func(dir *directory) error {
		if _, there := dir.Users[user.Name]; there {
			return &datastore.Error{Kind: datastore.ErrConflict, Code: "UsernameExistsException"}
		}
		return conform(user.Attributes, c.custom)
	}
	if err := c.with(ctx, allowed); err != nil {
		return made, err
	}
	if err := c.askPreSignUp(ctx, user); err != nil {
		return made, err
	}
	err = c.change(ctx, func(dir *directory) error {
		if err := allowed(dir); err != nil {
			return err
		}
		now := c.now().UTC()
		r := &record{
			Name: user.Name, Enabled: true, Status: mustChange, Attributes: maps.Clone(user.Attributes),
			Created: now, Modified: now,
		}
		if r.ID, err = newID(c.random); err != nil {
			return unavailable(err)
		}
		if user.Password != "" {
			if r.Password, err = hash(user.Password, c.random); err != nil {
				return err
			}
		}
		dir.Users[user.Name] = r
		made = r.user()
		return nil
	})
	return made, err
}

// SetAttributes implements [identity.Conn].
func (c *conn) SetAttributes(ctx context.Context, name string, attributes map[string]string) error {
	return c.changeUser(ctx, name, func(_ *directory, r *record) error {
		if err := conform(attributes, c.custom); err != nil {
			return err
		}
		if r.Attributes == nil {
			r.Attributes = map[string]string{}
		}
		for attribute, value := range attributes {
			r.Attributes[attribute] = value
			if value == "" {
				delete(r.Attributes, attribute)
			}
		}
		return nil
	})
}

// SetPassword implements [identity.Conn].
func (c *conn) SetPassword(ctx context.Context, name, password string) error {
	return c.changeUser(ctx, name, func(_ *directory, r *record) (err error) {
		r.Status = confirmed
		r.Password, err = hash(password, c.random)
		return err
	})
}

// Enable implements [identity.Conn].
func (c *conn) Enable(ctx context.Context, name string) error {
	return c.changeUser(ctx, name, func(_ *directory, r *record) error { r.Enabled = true; return nil })
}

// Disable implements [identity.Conn].
func (c *conn) Disable(ctx context.Context, name string) error {
	return c.changeUser(ctx, name, func(_ *directory, r *record) error { r.Enabled = false; return nil })
}

// Groups implements [identity.Conn].
func (c *conn) Groups(ctx context.Context, name string) (groups []string, err error) {
	err = c.with(ctx, func(dir *directory) error {
		r, err := dir.find(name)
		if err == nil {
			groups = slices.Clone(r.Groups)
		}
		return err
	})
	return groups, err
}

// AddToGroup implements [identity.Conn].
func (c *conn) AddToGroup(ctx context.Context, name, group string) error {
	return c.changeUser(ctx, name, func(_ *directory, r *record) error {
		if groups := c.driver.opts.Groups; groups != nil && !slices.Contains(groups, group) {
			return &datastore.Error{Kind: datastore.ErrNotFound, Code: "ResourceNotFoundException", Err: fmt.Errorf("there is no such group")}
		}
		r.Groups = slices.Compact(slices.Sorted(slices.Values(append(r.Groups, group))))
		return nil
	})
}

// RemoveFromGroup implements [identity.Conn].
func (c *conn) RemoveFromGroup(ctx context.Context, name, group string) error {
	return c.changeUser(ctx, name, func(_ *directory, r *record) error {
		r.Groups = slices.DeleteFunc(r.Groups, func(g string) bool { return g == group })
		return nil
	})
}

// SignOut implements [identity.Conn]. There is nothing that renews a token here, so
// that nothing ends.
func (c *conn) SignOut(ctx context.Context, name string) error {
	return c.with(ctx, func(dir *directory) error {
		_, err := dir.find(name)
		return err
	})
}

// Delete implements [identity.Conn].
func (c *conn) Delete(ctx context.Context, name string) error {
	return c.change(ctx, func(dir *directory) error {
		delete(dir.Users, name)
		return nil
	})
}

// with reads the directory.
func (c *conn) with(ctx context.Context, do func(*directory) error) error {
	if err := inTime(ctx); err != nil {
		return err
	}
	c.driver.mu.Lock()
	defer c.driver.mu.Unlock()
	dir, err := c.driver.load(c.file)
	if err != nil {
		return unavailable(err)
	}
	return do(dir)
}

// change reads the directory and writes it again, unless do fails.
func (c *conn) change(ctx context.Context, do func(*directory) error) error {
	return c.with(ctx, func(dir *directory) error {
		if err := do(dir); err != nil {
			return err
		}
		if err := c.driver.store(c.file, dir); err != nil {
			return unavailable(err)
		}
		return nil
	})
}

func (c *conn) changeUser(ctx context.Context, name string, do func(*directory, *record) error) error {
	return c.change(ctx, func(dir *directory) error {
		r, err := dir.find(name)
		if err != nil {
			return err
		}
		r.Modified = c.now().UTC()
		return do(dir, r)
	})
}

func inTime(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	return nil
}

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}
