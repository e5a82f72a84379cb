package template

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// invokedARN is the ARN of what is invoked of a function: its alias if it has one.
func invokedARN(f *tier.Function) reference {
	if f.Rollout() != nil {
		return ref(policy.AliasID(f))
	}
	return getAtt(policy.FunctionID(f), "Arn")
}

// invoked is invokedARN where a name will do.
func invoked(f *tier.Function) reference {
	if f.Rollout() != nil {
		return ref(policy.AliasID(f))
	}
	return ref(policy.FunctionID(f))
}

// arnInText is invokedARN for Fn::Sub.
func arnInText(f *tier.Function) string {
	if f.Rollout() != nil {
		return "${" + policy.AliasID(f) + "}"
	}
	return "${" + policy.FunctionID(f) + ".Arn}"
}

// nameInText is the name of what is invoked, for Fn::Sub.
func nameInText(f *tier.Function) string {
	if f.Rollout() != nil {
		return "${" + policy.FunctionID(f) + "}:" + tier.LiveAlias
	}
	return "${" + policy.FunctionID(f) + "}"
}

// invokedName is the name of what is invoked, for people and programs.
func invokedName(f *tier.Function) reference {
	if f.Rollout() != nil {
		return sub(nameInText(f))
	}
	return ref(policy.FunctionID(f))
}

// qualified are the property and the attribute of a resource that is about the alias of
// a function by its name; none for a function without one.
func qualified(f *tier.Function) (property, attribute object) {
	if f.Rollout() == nil {
		return nil, nil
	}
	return object{{"Qualifier", tier.LiveAlias}}, object{{"DependsOn", array{policy.AliasID(f)}}}
}

// liveFunction is what publishes versions of a function.
type liveFunction struct {
	sum   string     // of what the function is, "" for one without versions
	sam   object     // properties that have SAM publish them
	plain []resource // what SAM makes of these
}

// description is the property by which SAM, and so the plain form, makes sure that
// Lambda finds the function changed where its version is.
func (l liveFunction) description() object {
	if l.sum == "" {
		return nil
	}
	return object{{"Description", l.sum}}
}

// live publishes a version of a function when its properties or its code change, and
// leads its alias there.
//
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/automating-updates-to-serverless-apps.html
func (s *stack) live(f *tier.Function, properties object) liveFunction {
	r := f.Rollout()
	if r == nil {
		return liveFunction{}
	}
	id := policy.FunctionID(f)
	l := liveFunction{sum: s.versionSum(f, properties)}
	version := resource{
		id: id + "Version" + l.sum[:10], typ: "AWS::Lambda::Version", at: f.At(),
		attributes: object{{"DeletionPolicy", "Retain"}}, // who rolls back needs the versions before
		properties: append(object{{"FunctionName", ref(id)}}, environments(f)...),
	}
	if f.Instances() != nil {
		version.attributes = object{{"DeletionPolicy", "Delete"}} // each version keeps instances
	}
	alias := resource{id: policy.AliasID(f), typ: "AWS::Lambda::Alias", at: f.At(), properties: object{
		{"Name", tier.LiveAlias},
		{"FunctionName", ref(id)},
		{"FunctionVersion", getAtt(version.id, "Version")},
	}}
	s.versions[f] = version.id
	l.sam = object{{"AutoPublishAlias", tier.LiveAlias}, {"AutoPublishCodeSha256", l.sum}}
	if least, _ := f.ProvisionedConcurrency(); least > 0 {
		ready := member{"ProvisionedConcurrencyConfig", object{{"ProvisionedConcurrentExecutions", least}}}
		alias.properties = append(alias.properties, ready)
		l.sam = append(l.sam, ready)
	}
	l.plain = []resource{version, alias}
	if r.Shift != "" {
		s.rollout(f, &l)
	}
	return l
}

// versionSum is the sum of what a function is: its configuration and its code. What its
// variables name counts, too: a table that is made anew has another name, which the
// version before does not know.
func (s *stack) versionSum(f *tier.Function, properties object) string {
	var b bytes.Buffer
	appendJSON(&b, properties, "")
	named := namesIn(nil, properties)
	for _, r := range s.resources {
		if slices.Contains(named, r.id) && r.id != policy.RoleID(f) && r.id != policy.LogID(f) {
			b.WriteString("\n" + r.id + " " + r.typ + " ")
			appendJSON(&b, r.properties, "")
		}
	}
	if s.code != nil {
		b.WriteString("\n" + s.code(f))
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}
