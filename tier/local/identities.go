package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// Identities are those who may call the APIs on this machine: users and role
// sessions that sign requests, API keys, and the key sets of those who issue
// tokens. They are read from a file ([ReadIdentities]):
//
//	{
//	  "region": "us-east-1",
//	  "users": [{
//	    "name": "ada",
//	    "accessKeyId": "AKIALOCAL22EXAMPLE33",
//	    "secretAccessKey": "forty characters that only this machine knows",
//	    "policies": [{"Version": "2012-10-17", "Statement": [{
//	      "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:*/live/GET/orders/*"
//	    }]}]
//	  }],
//	  "sessions": [{
//	    "role": "shopper", "name": "ada",
//	    "accessKeyId": "ASIALOCAL22EXAMPLE33", "secretAccessKey": "…", "sessionToken": "…",
//	    "expires": "2030-01-01T00:00:00Z",
//	    "cognito": {"identityId": "us-east-1:…", "identityPoolId": "us-east-1:…"},
//	    "policies": []
//	  }],
//	  "apiKeys": [{"name": "mobile", "value": "…", "disabled": false}],
//	  "issuers": {
//	    "users": {"jwks": "http://127.0.0.1:5000/pool/.well-known/jwks.json"},
//	    "staff": {"directory": "people"}
//	  }
//	}
//
// All members may be left out. Keys of an AWS account do not belong here: make
// others. It is not changed after it was given to a [Gateway].
type Identities struct {
	// Region that requests are signed for, and that is in the ARNs of APIs. ""
	// means us-east-1.
	Region string
	// Callers are the users and the role sessions.
	Callers []Identity
	// APIKeys are the API keys, for usage plans.
	APIKeys []APIKey
	// Issuers are those who issue tokens, by the name of the authorizer.
	Issuers map[string]Issuer
	// Advice says what could be better about the file, "" if nothing.
	Advice string
}

// Identity is a user or the session of a role. Its secrets stay out of what it
// prints.
type Identity struct {
	// Name of the user, or "ROLE/SESSION".
	Name string
	// ARN of the user or the session: "arn:aws:iam::000000000000:user/ada". Its
	// account must be that of local APIs, 000000000000, unless the API lets
	// another account in.
	ARN string
	// UserID is the unique id: "AIDA…" of a user, "AROA…:SESSION" of a session.
	UserID string
	// Credentials that it signs with.
	Credentials sigv4.Credentials
	// Policies say what it may do; none means nothing.
	Policies []*evaluate.Policy
	// Cognito is where the session comes from, nil for others.
	Cognito *CognitoIdentity
}

// String is the name, the ARN and the access key id.
func (i Identity) String() string {
	return i.Name + " (" + i.ARN + ", " + i.Credentials.AccessKey + ")"
}

// CognitoIdentity is what Amazon Cognito says of a session from an identity pool.
// See https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html.
type CognitoIdentity struct {
	// IdentityID: "us-east-1:…". Required.
	IdentityID string
	// IdentityPoolID: "us-east-1:…". Required.
	IdentityPoolID string
	// AuthenticationType is "authenticated", the default, or "unauthenticated".
	AuthenticationType string
	// AuthenticationProvider is who vouched for the user:
	// "cognito-idp.us-east-1.amazonaws.com/us-east-1_a,…:CognitoSignIn:…".
	AuthenticationProvider string
	// AMR is what policies see as cognito-identity.amazonaws.com:amr.
	AMR []string
}

// String is the name without the value.
func (k APIKey) String() string { return k.Name }

const defaultRegion = "us-east-1"

// maxIdentities is how large the file may be, in bytes.
const maxIdentities = 1 << 20

// ReadIdentities reads a file of [Identities]. The error joins every mistake,
// each with the file, its line and column, and what to write instead; no secret
// is in it. A file that does not exist is an [io/fs.ErrNotExist].
func ReadIdentities(path string) (*Identities, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxIdentities+1))
	if err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	ids, err := ParseIdentities(path, text)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	// Windows has no such permissions.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		ids.Advice = fmt.Sprintf("%s holds secrets, and others on this machine can read it (%v); run: chmod 600 %[1]s", path, mode)
	}
	return ids, nil
}

// ParseIdentities reads the text of such a file, whose name is for errors.
func ParseIdentities(name string, text []byte) (*Identities, error) {
	r := &identityReader{file: name, document: text, ids: &Identities{Region: defaultRegion}, seen: map[string]bool{}}
	if len(text) > maxIdentities {
		return nil, fmt.Errorf("identities: %s has more than %d bytes", name, maxIdentities)
	}
	root, err := readTree(text)
	if err != nil {
		var wrong *treeError
		if errors.As(err, &wrong) {
			r.report(wrong.offset, "", "%s", wrong.text)
		}
		return nil, errors.Join(r.errs...)
	}
	r.read(root)
	if r.errs != nil {
		return nil, errors.Join(r.errs...)
	}
	return r.ids, nil
}

// check finds identities that would let in who should not be: an empty secret is
// known to everybody, and of two with one key it is not known who calls.
func (ids *Identities) check() error {
	if ids == nil {
		return nil
	}
	seen := map[string]bool{}
	for i := range ids.Callers {
		c := &ids.Callers[i]
		switch {
		case c.Credentials.AccessKey == "" || c.Credentials.Secret == "" || c.account() == "":
			return fmt.Errorf("local gateway: identity %s: write an ARN, an access key id and a secret", c)
		case seen[c.Credentials.AccessKey]:
			return fmt.Errorf("local gateway: identity %s: another one has this access key id", c)
		}
		seen[c.Credentials.AccessKey] = true
	}
	return nil
}

// region is that of the file, or the default.
func (ids *Identities) region() string {
	if ids == nil || ids.Region == "" {
		return defaultRegion
	}
	return ids.Region
}

// account of the identity, "" if its ARN has none.
func (i *Identity) account() string {
	parts := strings.SplitN(i.ARN, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// isSession reports whether it is the session of a role.
func (i *Identity) isSession() bool { return strings.Contains(i.ARN, ":assumed-role/") }
