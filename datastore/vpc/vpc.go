// Package vpc has what the drivers of stores in the private network share: where a
// database is, whose certificates it is trusted by, and how it is logged in to.
//
// Applications use the drivers below this package and nothing here.
package vpc

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Address is where a database is: what the variable of the store holds,
//
//	postgres://HOST:PORT/NAME?reader=HOST&owner=HOST&sslrootcert=FILE
//
// where PORT may be left out, reader is the endpoint for those who only read (that
// of an Aurora cluster's replicas, say; default: the same host), owner that for the
// owner (the database behind a proxy; default: the same host), and sslrootcert a
// file with the certificates to trust in place of Amazon's. There is no user and
// no password in it.
type Address struct {
	Host, Reader, Owner string
	Port                int
	Name                string // of the database
	RootCert            string // a file; "" for none
}

// ParseAddress reads an address of a scheme, such as "postgres", whose port is
// port if it names none.
func ParseAddress(text, scheme string, port int) (Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, errors.New("the address is no URL") // its text may hold a password
	}
	q := u.Query()
	a := Address{
		Host: u.Hostname(), Reader: cmp.Or(q.Get("reader"), u.Hostname()), Owner: cmp.Or(q.Get("owner"), u.Hostname()), Port: port,
		Name: strings.TrimPrefix(u.Path, "/"), RootCert: q.Get("sslrootcert"),
	}
	switch {
	case u.Scheme != scheme || a.Host == "" || a.Name == "" || strings.Contains(a.Name, "/"):
		return Address{}, fmt.Errorf("the address has not the form %s://HOST:PORT/NAME", scheme)
	case u.User != nil:
		return Address{}, errors.New("the address has a user in it; users and passwords come from the declaration")
	}
	for key := range q {
		if key != "reader" && key != "owner" && key != "sslrootcert" {
			return Address{}, fmt.Errorf("the address has %q in it; it takes reader, owner and sslrootcert", key)
		}
	}
	if p := u.Port(); p != "" {
		if a.Port, err = strconv.Atoi(p); err != nil || a.Port < 1 || a.Port > 65535 {
			return Address{}, errors.New("the address has a port that is none")
		}
	}
	return a, nil
}
