package localidentity

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// IssuerSettings say what the tokens of an [Issuer] have in them.
type IssuerSettings struct {
	// URL is the "iss" of tokens: the address that the issuer is served at, or that
	// of a user pool, "https://cognito-idp.REGION.amazonaws.com/POOL", which an
	// authorizer asks for. Required.
	URL string
	// ClientID is the client that tokens are for: "client_id" of access tokens, "aud"
	// of ID tokens. Required.
	ClientID string
	// Lifetime of tokens. 0 means an hour.
	Lifetime time.Duration
	// Now is the clock. nil means time.Now.
	Now func() time.Time
}

// Issuer signs tokens for the users of one directory, with RS256, as a user pool
// does, and serves the keys by which package handler/jwt and the local gateway verify
// them. It is safe for concurrent use.
type Issuer struct {
	driver   *Driver
	file     string
	settings IssuerSettings
}

// Issuer is that of the directory called name of the App called namespace, which may
// be "". From now on the exchanges of the directory take its ID tokens. It reads
// nothing yet.
func (d *Driver) Issuer(namespace, name string, s IssuerSettings) (*Issuer, error) {
	file, err := fileName(namespace, name)
	if err != nil {
		return nil, err
	}
	if s.URL == "" || s.ClientID == "" {
		return nil, errors.New("an issuer needs a URL and a ClientID")
	}
	if s.Lifetime == 0 {
		s.Lifetime = time.Hour
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	d.takes(file, client{s.URL, s.ClientID})
	return &Issuer{d, file, s}, nil
}

// client is whose ID tokens an exchange takes: their "iss" and "aud".
type client struct{ issuer, id string }

func (d *Driver) takes(file string, c client) {
	d.clientsMu.Lock()
	defer d.clientsMu.Unlock()
	if d.clients == nil {
		d.clients = map[string][]client{}
	}
	if !slices.Contains(d.clients[file], c) {
		d.clients[file] = append(d.clients[file], c)
	}
}

// clientsOf are those of a directory.
func (d *Driver) clientsOf(file string) []client {
	d.clientsMu.Lock()
	defer d.clientsMu.Unlock()
	return slices.Clone(d.clients[file])
}

// Tokens are those of a user who has signed in. They are signed and no secrets of
// the issuer, but let their owner in.
type Tokens struct {
	Access  string    `json:"access_token"`
	ID      string    `json:"id_token"`
	Expires time.Time `json:"-"`
}

// ErrSignIn is the answer to a wrong name, a wrong password and a user who is
// disabled: nobody learns which of them it is.
var ErrSignIn = errors.New("incorrect username or password")

// SignIn gives tokens to who knows the password. A user who must change it, because
// nobody has set one for good, is refused too.
func (i *Issuer) SignIn(user, password string) (Tokens, error) {
	return i.issue(user, func(r *record) error {
		if err := i.askAuthentication("PreAuthentication", r); err != nil {
			return err
		}
		if !matches(r.Password, password) || !r.Enabled {
			return ErrSignIn
		}
		if r.Status != confirmed {
			return errors.New("the user must change the password; set one for good")
		}
		return i.askAuthentication("PostAuthentication", r)
	})
}

// Tokens are tokens for a user without a password, for tests and tools. One that is
// not there is [datastore.ErrNotFound].
func (i *Issuer) Tokens(user string) (Tokens, error) {
	return i.issue(user, nil)
}

func (i *Issuer) issue(user string, allowed func(*record) error) (Tokens, error) {
	dir, key, err := i.open()
	if err != nil {
		return Tokens{}, err
	}
	r, err := dir.find(user)
	if allowed != nil {
		if err != nil {
			matches(noPassword, "x") // takes as long as a user that is there
			return Tokens{}, ErrSignIn
		}
		err = allowed(r)
	}
	if err != nil {
		return Tokens{}, err
	}
	return i.sign(key, r)
}

// noPassword is a hash that no password has.
var noPassword = base64.RawStdEncoding.EncodeToString(make([]byte, 16+sha256.Size))

func (i *Issuer) sign(key *rsa.PrivateKey, r *record) (t Tokens, err error) {
	now := i.settings.Now()
	t.Expires = now.Add(i.settings.Lifetime)
	claims := func(use string) map[string]any {
		c := map[string]any{
			"iss": i.settings.URL, "sub": r.ID, "token_use": use, "jti": rand.Text(),
			"iat": now.Unix(), "auth_time": now.Unix(), "exp": t.Expires.Unix(),
		}
		if len(r.Groups) > 0 {
			c["cognito:groups"] = r.Groups
		}
		return c
	}
	access := claims("access")
	access["client_id"], access["username"], access["scope"] = i.settings.ClientID, r.Name, "aws.cognito.signin.user.admin"
	id := claims("id")
	for name, value := range r.Attributes {
		// What a user pool would not take as an attribute is no claim here.
		if _, own := id[name]; !own && !strings.HasPrefix(name, "cognito:") {
			id[name] = claimOf(name, value)
		}
	}
	id["aud"], id["cognito:username"] = i.settings.ClientID, r.Name
	if err := i.overridden(r, id, access); err != nil {
		return Tokens{}, err
	}
	if t.Access, err = signed(key, access); err != nil {
		return Tokens{}, err
	}
	t.ID, err = signed(key, id)
	return t, err
}

// claimOf is an attribute as ID tokens have it: those that say whether an address was
// verified are no texts.
func claimOf(name, value string) any {
	if name == "email_verified" || name == "phone_number_verified" {
		return value == "true"
	}
	return value
}

// open is the directory with its key, which is made where there is none.
func (i *Issuer) open() (*directory, *rsa.PrivateKey, error) {
	i.driver.mu.Lock()
	defer i.driver.mu.Unlock()
	dir, err := i.driver.load(i.file)
	if err != nil {
		return nil, nil, err
	}
	if dir.Key == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, nil, err
		}
		if dir.Key, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			return nil, nil, err
		}
		return dir, key, i.driver.store(i.file, dir)
	}
	key, err := dir.key()
	return dir, key, err
}

func (d *directory) key() (*rsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(d.Key)
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("the key of the directory is no RSA key in PKCS #8; remove it, and all tokens end")
	}
	return key, nil
}

func kidOf(key *rsa.PrivateKey) string {
	sum := sha256.Sum256(key.N.Bytes())
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// signed is a JSON Web Token.
func signed(key *rsa.PrivateKey, claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "kid": kidOf(key)})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// JWKS is the key set of the issuer, in JSON.
func (i *Issuer) JWKS() ([]byte, error) {
	_, key, err := i.open()
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kidOf(key),
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}})
}

// ServeHTTP answers /.well-known/jwks.json and /.well-known/openid-configuration,
// below whatever path.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var text []byte
	var err error
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "write GET", http.StatusMethodNotAllowed)
		return
	case strings.HasSuffix(r.URL.Path, "/.well-known/jwks.json"):
		text, err = i.JWKS()
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		text, err = json.Marshal(map[string]any{
			"issuer": i.settings.URL, "jwks_uri": strings.TrimSuffix(i.settings.URL, "/") + "/.well-known/jwks.json",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "subject_types_supported": []string{"public"},
			"response_types_supported": []string{"code", "token"},
		})
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, "the keys cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

// subjectOf verifies an ID token of the directory for one of the clients, and is whom
// it is for.
func (d *directory) subjectOf(token string, clients []client, now time.Time) (string, error) {
	refused := func(why string) (string, error) {
		return "", &datastore.Error{Kind: datastore.ErrInvalid, Code: "NotAuthorizedException", Err: fmt.Errorf("the token is not taken: %s", why)}
	}
	if d.Key == nil {
		return refused("the directory has issued none")
	}
	key, err := d.key()
	if err != nil {
		return "", unavailable(err)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return refused("it is none")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return refused("it is none")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return refused("another one than this directory has signed it")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Sub    string `json:"sub"`
		Use    string `json:"token_use"`
		Exp    int64  `json:"exp"`
		Issuer string `json:"iss"`
		Client string `json:"aud"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Sub == "" {
		return refused("it is none")
	}
	if claims.Use != "id" {
		return refused("it is no ID token")
	}
	switch {
	case now.Unix() >= claims.Exp:
		return refused("its time is over")
	case !slices.ContainsFunc(clients, func(c client) bool { return c.issuer == claims.Issuer }):
		return refused("it has another issuer than those of this directory")
	case !slices.Contains(clients, client{claims.Issuer, claims.Client}):
		return refused("it is for another client of its issuer")
	}
	return claims.Sub, nil
}
