"""Versioned facts with source and effective date: code lists, regions, profiles, merge policy, programmes, models.

Data lives in the YAML files beside this one; nothing here knows what a column or a frame is.
"""

from dtsen_pipeline.reference.linking import LinkageModel
from dtsen_pipeline.reference.loader import (
    cities,
    city,
    code_lists,
    digests,
    english_labels,
    linkage_model,
    merge_policy,
    part_of,
    parts,
    profiles,
    programmes,
    provinces,
    survey_maps,
    welfare_model,
    welfare_models,
)
from dtsen_pipeline.reference.profile import Profile
from dtsen_pipeline.reference.programmes import Component, MemberTest, Programme, Reading, Rule
from dtsen_pipeline.reference.records import (
    Agreement,
    City,
    Code,
    CodeList,
    Dropped,
    EnglishLabels,
    Feature,
    Kelurahan,
    MergePolicy,
    Section,
    SurveyMap,
    WelfareModel,
)

__all__ = [
    "Agreement",
    "City",
    "Code",
    "CodeList",
    "Component",
    "Dropped",
    "EnglishLabels",
    "Feature",
    "Kelurahan",
    "LinkageModel",
    "MemberTest",
    "MergePolicy",
    "Profile",
    "Programme",
    "Reading",
    "Rule",
    "Section",
    "SurveyMap",
    "WelfareModel",
    "cities",
    "city",
    "code_lists",
    "digests",
    "english_labels",
    "linkage_model",
    "merge_policy",
    "part_of",
    "parts",
    "profiles",
    "programmes",
    "provinces",
    "survey_maps",
    "welfare_model",
    "welfare_models",
]
