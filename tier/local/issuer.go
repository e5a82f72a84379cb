package local

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Issuer is where the gateway finds what it needs to know of an issuer of tokens,
// instead of asking the issuer that the authorizer names.
type Issuer struct {
	// JWKS is the URL of the issuer's key set: https, or http on a loopback
	// address, where emulators are: "http://127.0.0.1:5000/POOL/.well-known/jwks.json".
	// Of a Cognito authorizer with several pools it has the keys of all.
	JWKS string
	// Directory is the name of a directory of users on this machine, in place of
	// JWKS. Who makes the gateway puts its keys into Keys.
	Directory string
	// Keys are the key set itself, in JSON.
	Keys string
}

// String is where the keys come from.
func (i Issuer) String() string {
	if i.Directory != "" {
		return "directory " + i.Directory
	}
	return i.JWKS
}

// keySets are the keys of the issuers of one gateway, each fetched once for all
// routes and stages. They are known by their source alone: the authorizers of an
// API that fetch keys are of one kind, so the algorithms are the same.
type keySets map[jwtSource]*jwt.KeySet

// jwtSource is where a key set comes from, or what it is.
type jwtSource struct{ url, issuer, keys string }

// of makes the key set, or gives the one that is there. An authorizer of API
// Gateway takes RSA alone.
func (s keySets) of(from jwtSource, algorithms []string, now func() time.Time) (*jwt.KeySet, error) {
	if keys := s[from]; keys != nil {
		return keys, nil
	}
	settings := jwt.KeySettings{URL: from.url, Issuer: from.issuer, Algorithms: algorithms, Now: now}
	if from.keys != "" {
		settings.Embedded = []byte(from.keys)
	}
	keys, err := jwt.NewKeySet(settings)
	if err != nil {
		return nil, err
	}
	s[from] = keys
	return keys, nil
}

// issuer is where the keys of an authorizer come from: what the identities say, or
// else what is given.
func (o *gating) issuer(a tier.Authorizer, otherwise jwtSource) jwtSource {
	if o.Identities == nil {
		return otherwise
	}
	switch given := o.Identities.Issuers[a.Name()]; {
	case given.Directory != "":
		return jwtSource{keys: given.Keys}
	case given.JWKS != "":
		return jwtSource{url: given.JWKS}
	}
	return otherwise
}
