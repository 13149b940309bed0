"""Forms are drawn by our field template, with everything a screen reader needs."""

from django import forms

from luxebrain.lib.forms import FilterForm


class KeyForm(forms.Form):
    name = forms.CharField(help_text="Only you see it.")
    kind = forms.ChoiceField(choices=[("s", "Secret"), ("p", "Publishable")], widget=forms.RadioSelect)
    note = forms.CharField(required=False, widget=forms.Textarea)
    stored = forms.BooleanField()

    def clean(self):
        raise forms.ValidationError("All <5> keys are in use.")


def test_it_ties_help_and_errors_to_the_widget():
    html = str(KeyForm({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html


def test_it_shows_errors_of_the_whole_form_once_and_escaped():
    html = str(KeyForm({}))
    assert html.count("All &lt;5&gt; keys are in use.") == 1
    assert 'role="alert"' in html


def test_it_groups_choices_under_a_legend_and_names_optional_fields():
    html = str(KeyForm())
    assert "<legend>Kind</legend>" in html
    assert html.count("(optional)") == 1
    assert "style=" not in html


class PlanFilter(FilterForm):
    plan = forms.ChoiceField(choices=[("", "Any"), ("free", "Free")])


def test_it_ignores_filter_values_that_are_not_offered():
    assert PlanFilter({"plan": "free"}).chosen == {"plan": "free"}
    assert PlanFilter({"plan": "'; drop table"}).chosen == {}
    assert PlanFilter({}).chosen == {}
